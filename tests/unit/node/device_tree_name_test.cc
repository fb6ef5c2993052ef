#include "node/device_tree_name.h"

#include <gtest/gtest.h>

namespace phase::node {
namespace {

void word(Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}
void text(Bytes& out, std::string_view value) {
  out.insert(out.end(), value.begin(), value.end());
  out.push_back(0);
  while (out.size() % 4 != 0) out.push_back(0);
}

/// Header, then the structure: root with "model" and "compatible"; then the strings.
Bytes device_tree() {
  Bytes structure;
  word(structure, 1);  // FDT_BEGIN_NODE
  text(structure, "");
  word(structure, 4);  // FDT_NOP
  word(structure, 3);  // FDT_PROP "model"
  word(structure, 6);
  word(structure, 11);
  text(structure, "Board");
  word(structure, 3);  // FDT_PROP "compatible": two strings
  word(structure, 22);
  word(structure, 0);
  text(structure, std::string_view("vendor,board\0vendor,soc", 23).substr(0, 22));
  word(structure, 2);
  word(structure, 9);
  Bytes strings;
  for (const char c : std::string_view("compatible\0model\0", 17)) strings.push_back(c);
  Bytes out;
  for (const std::uint32_t value :
       {0xd00dfeedU, 0U, 40U, static_cast<std::uint32_t>(40 + structure.size()), 0U, 17U, 16U, 0U,
        static_cast<std::uint32_t>(strings.size()), static_cast<std::uint32_t>(structure.size())})
    word(out, value);
  out.insert(out.end(), structure.begin(), structure.end());
  out.insert(out.end(), strings.begin(), strings.end());
  return out;
}

TEST(DeviceTreeName, FindsTheMachine) {
  const auto name = device_tree_machine(device_tree());
  ASSERT_TRUE(name) << name.error().detail;
  EXPECT_EQ(*name, "vendor,board");
}

TEST(DeviceTreeName, EveryCutIsRefusedOrGivesTheSameName) {
  const auto whole = device_tree();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto name = device_tree_machine(ByteView(whole).first(size));
    if (name) { EXPECT_EQ(*name, "vendor,board"); }
  }
  EXPECT_FALSE(device_tree_machine(ByteView(whole).first(60)));
}

TEST(DeviceTreeName, NoFlippedBitReadsOutside) {
  const auto whole = device_tree();
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    auto flipped = whole;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    (void)device_tree_machine(flipped);
  }
  EXPECT_FALSE(device_tree_machine(as_bytes("not a device tree at all, only text")));
}

}  // namespace
}  // namespace phase::node
