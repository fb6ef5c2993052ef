#include "node/device_tree_name.h"

#include <algorithm>
#include <optional>

namespace phase::node {
namespace {

constexpr std::uint32_t kMagic = 0xd00dfeed, kBeginNode = 1, kProperty = 3, kNop = 4;
constexpr std::size_t kMaxName = 128;

std::optional<std::uint32_t> word(ByteView bytes, std::size_t at) {
  if (at > bytes.size() || bytes.size() - at < 4) return std::nullopt;
  return static_cast<std::uint32_t>(bytes[at]) << 24 | static_cast<std::uint32_t>(bytes[at + 1]) << 16 |
         static_cast<std::uint32_t>(bytes[at + 2]) << 8 | static_cast<std::uint32_t>(bytes[at + 3]);
}

/// A string that ends within `bytes` and within `limit`.
std::optional<std::string> string_at(ByteView bytes, std::size_t at, std::size_t limit) {
  if (at >= bytes.size()) return std::nullopt;
  const auto rest = as_text(bytes.subspan(at)).substr(0, limit);
  const auto end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(rest.substr(0, end));
}

Error bad(const char* what) { return {ErrorCode::kMalformed, what}; }

}  // namespace

Result<std::string> device_tree_machine(ByteView blob) {
  if (word(blob, 0) != kMagic) return bad("expected a flattened device tree (.dtb)");
  const auto structure = word(blob, 8);
  const auto strings = word(blob, 12);
  if (!structure || !strings) return bad("a device tree that is cut off");
  std::size_t at = *structure;
  while (word(blob, at) == kNop) at += 4;
  if (word(blob, at) != kBeginNode) return bad("a device tree without a root node");
  at += 4;
  const auto root_name = string_at(blob, at, kMaxName);
  if (!root_name) return bad("a device tree that is cut off");
  at += (root_name->size() + 1 + 3) / 4 * 4;

  // The root's properties come before its children.
  for (;;) {
    const auto token = word(blob, at);
    if (token == kNop) {
      at += 4;
      continue;
    }
    if (token != kProperty) return bad("a device tree whose root names no machine (compatible)");
    const auto length = word(blob, at + 4);
    const auto name_at = word(blob, at + 8);
    if (!length || !name_at || *length > blob.size()) return bad("a device tree that is cut off");
    const auto name = string_at(blob, std::size_t{*strings} + *name_at, kMaxName);
    if (name == "compatible") {
      const auto machine = string_at(blob, at + 12, std::min<std::size_t>(*length, kMaxName));
      if (!machine || machine->empty()) return bad("a device tree that names no machine");
      return *machine;
    }
    at += 12 + (std::size_t{*length} + 3) / 4 * 4;
  }
}

}  // namespace phase::node
