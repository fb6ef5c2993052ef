// node/http_answer.h
// Decides what a request is answered with. Pure: the provider reads requests and sends answers.
// Every text of a request is a stranger's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "node/catalogue.h"
#include "proto/ports.h"

namespace phase::node {

struct HttpRequest {
  std::string_view method;
  std::string_view target;            ///< As on the request line.
  unsigned version = 11;              ///< 10 or 11.
  std::size_t hosts = 0;              ///< How many Host fields.
  bool has_body = false;              ///< Content-Length other than 0, or Transfer-Encoding.
  bool keep_alive = true;             ///< What the client asked for.
  // Empty optional: absent. A field that may stand once and came more often is as if absent.
  std::optional<std::string_view> range, if_range, if_none_match, if_match;
};

struct HttpAnswer {
  unsigned status = 500;
  bool keep_alive = false;
  std::string head{};                               ///< Status line and fields, to the empty line.
  std::shared_ptr<const CatalogueEntry> entry{};    ///< The body is [first, first + length) of it.
  std::uint64_t first = 0;
  std::uint64_t length = 0;                         ///< 0 for HEAD and where there is no body.
  std::string text{};                               ///< The body of an error, one line.
};

/// `peers` is looked up where `catalogue` has no such path.
[[nodiscard]] HttpAnswer answer(const HttpRequest& request, const Catalogue& catalogue,
                                const Catalogue& peers, WallTime now);
/// An answer while nobody knows yet what is served: 503, and when to ask again. A 404 would send a client
/// away for good.
[[nodiscard]] HttpAnswer not_yet(const HttpRequest& request, WallTime now);
/// An answer to what was no request: 400, 408, 413, 431, 503. The connection ends after it.
[[nodiscard]] HttpAnswer refusal(unsigned status, WallTime now);

/// The path to look up: origin or absolute form, without query. Empty for what is never served:
/// no leading '/', a '%', a control or non-ASCII character.
[[nodiscard]] std::optional<std::string_view> request_path(std::string_view target);

}  // namespace phase::node
