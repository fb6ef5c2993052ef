// Goal: an ELF file is read as it stands, and a lying one costs neither memory nor a wrong figure.
// Method: files of a few hundred bytes made here; what a real loader makes of real ones:
// elf_closure_test.cc.
#include "initramfs/elf_image.h"

#include <gtest/gtest.h>

#include "tests/unit/initramfs/small_elf.h"

namespace phase::initramfs {
namespace {

using testing::small_elf;

TEST(ElfImage, IsReadAsItStands) {
  const auto image = read_elf(small_elf({.needed = {"liba.so", "libb.so.1"},
                                         .rpath = "/a:/b",
                                         .symbol_bytes = 300,
                                         .claimed_symbols = 300}),
                              "x");
  ASSERT_TRUE(image.ok()) << image.error().detail;
  EXPECT_EQ(image->machine, "x86_64");
  EXPECT_EQ(image->interpreter, "/lib64/ld-linux-x86-64.so.2");
  EXPECT_EQ(image->needed, (std::vector<std::string>{"liba.so", "libb.so.1"}));
  EXPECT_EQ(image->rpath, (std::vector<std::string>{"/a", "/b"}));
  EXPECT_TRUE(image->runpath.empty());
  EXPECT_EQ(image->symbol_bytes, 300u);
}

TEST(ElfImage, RpathCountsOnlyWithoutRunpath) {
  const auto image = read_elf(small_elf({.rpath = "/a", .runpath = "/b:"}), "x");
  ASSERT_TRUE(image.ok());
  EXPECT_TRUE(image->rpath.empty());
  EXPECT_EQ(image->runpath, std::vector<std::string>{"/b"});
}

TEST(ElfImage, ASectionThatIsNotInTheFileHoldsNoBytes) {
  for (const std::uint64_t claimed : {std::uint64_t{100'000}, ~std::uint64_t{0}}) {
    const auto image = read_elf(small_elf({.claimed_symbols = claimed}), "x");
    ASSERT_TRUE(image.ok());
    EXPECT_EQ(image->symbol_bytes, 0u);
  }
}

TEST(ElfImage, RefusesMoreNamesThanAnybodyHas) {
  const std::vector<std::string> most(kMaxElfNames, "a.so");
  EXPECT_TRUE(read_elf(small_elf({.needed = most}), "x").ok());
  std::vector<std::string> more = most;
  more.push_back("b.so");
  for (const testing::SmallElf& says :
       {testing::SmallElf{.needed = more}, testing::SmallElf{.needed = {std::string(5000, 'n')}},
        testing::SmallElf{.runpath = std::string(70'000, 'r')}}) {
    const auto image = read_elf(small_elf(says), "x");
    ASSERT_FALSE(image.ok());
    EXPECT_EQ(image.error().code, ErrorCode::kMalformed);
  }
}

TEST(ElfImage, RefusesWhatIsNoElfFile) {
  const Bytes whole = small_elf({});
  for (const std::size_t size : {0U, 4U, 51U}) {
    EXPECT_FALSE(read_elf(ByteView(whole).first(size), "x").ok()) << size;
  }
}

}  // namespace
}  // namespace phase::initramfs
