// boot/http_url.h
// The http:// URLs of providers and mirrors, taken apart. Pure; the text is untrusted: other machines
// name providers, and a trust file mirrors.
#pragma once

#include <string>
#include <string_view>

#include "proto/result.h"

namespace phase::boot {

inline constexpr std::size_t kMaxHttpUrl = 1000;

struct HttpUrl {
  std::string host;    ///< Name or literal, without brackets.
  std::string port;
  std::string target;  ///< Path; begins with '/', without a trailing one.
  /// As a Host field says it; parse_http_url() of "http://", this and the target is the same URL.
  [[nodiscard]] std::string authority() const;

  friend bool operator==(const HttpUrl&, const HttpUrl&) = default;
};

/// http:// only; at most kMaxHttpUrl bytes, no user name, query or fragment; in brackets only what
/// has the colons of an IPv6 address. kUsage otherwise.
[[nodiscard]] Result<HttpUrl> parse_http_url(std::string_view text);

}  // namespace phase::boot
