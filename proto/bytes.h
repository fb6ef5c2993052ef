// proto/bytes.h
// Byte strings and their hexadecimal form.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace phase {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Lower case, two digits a byte.
[[nodiscard]] std::string to_hex(ByteView bytes);
/// Upper or lower case; nothing else than digits, an even number of them.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);

/// From exactly N bytes; empty for any other length.
template <std::size_t N>
[[nodiscard]] std::optional<std::array<std::uint8_t, N>> exactly(ByteView bytes) {
  if (bytes.size() != N) return std::nullopt;
  std::array<std::uint8_t, N> out;
  for (std::size_t i = 0; i < N; ++i) out[i] = bytes[i];
  return out;
}

/// The usual alphabet, with padding (RFC 4648, section 4).
[[nodiscard]] std::string to_base64(ByteView bytes);
/// Nothing else than that; empty where it is not.
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

}  // namespace phase
