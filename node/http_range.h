// node/http_range.h
// Conditional and range fields of a request, as RFC 9110 reads them (sections 13 and 14). Pure.
// All texts are a stranger's.
#pragma once

#include <cstdint>
#include <string_view>

namespace phase::node {

struct RangeAnswer {
  enum class Kind : std::uint8_t {
    kWhole,          ///< 200: no range, several, another unit, or not understood.
    kPart,           ///< 206: [first, first + length).
    kUnsatisfiable,  ///< 416.
  };
  Kind kind = Kind::kWhole;
  std::uint64_t first = 0;
  std::uint64_t length = 0;
  bool operator==(const RangeAnswer&) const = default;
};

/// What of `size` bytes the Range field asks for. A server may ignore a Range (14.2), and this
/// one does where there is more than one part; a part that begins behind the end is 416 (15.5.17).
[[nodiscard]] RangeAnswer parse_range(std::string_view range, std::uint64_t size);

/// If-None-Match: weak comparison (8.8.3.2), so W/"x" matches x. "*" matches everything.
/// `etag` is without quotes.
[[nodiscard]] bool any_etag_matches(std::string_view list, std::string_view etag);
/// If-Match: the same with strong comparison.
[[nodiscard]] bool any_etag_matches_strongly(std::string_view list, std::string_view etag);
/// If-Range: one strong etag; a date never matches, for we give none (13.1.5).
[[nodiscard]] bool if_range_matches(std::string_view field, std::string_view etag);

}  // namespace phase::node
