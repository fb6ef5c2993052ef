#include "node/kernel_image.h"

#include <gtest/gtest.h>

#include "release_fixture.h"

namespace phase::node::test {
namespace {

TEST(KernelImage, ReadsAnX86Header) {
  const auto kernel = read_kernel_image(x86_kernel(53'000'000));
  ASSERT_TRUE(kernel) << kernel.error().detail;
  EXPECT_EQ(kernel->arch, "x86_64");
  EXPECT_EQ(kernel->memory, 53'000'000u);
  EXPECT_EQ(kernel->release, "6.1.0-test");
}

TEST(KernelImage, ReadsAnArm64Header) {
  const auto kernel = read_kernel_image(arm64_kernel(33'000'000));
  ASSERT_TRUE(kernel) << kernel.error().detail;
  EXPECT_EQ(kernel->arch, "aarch64");
  EXPECT_EQ(kernel->memory, 33'000'000u);
  EXPECT_EQ(kernel->release, "6.1.0-arm64");
}

TEST(KernelImage, NoCutOfAHeaderIsReadBeyondItsEnd) {
  for (const auto& image : {x86_kernel(), arm64_kernel()})
    for (std::size_t size = 0; size < 0x280; ++size)
      (void)read_kernel_image(ByteView(image).first(size));
  EXPECT_FALSE(read_kernel_image(ByteView(x86_kernel()).first(0x263)));
}

TEST(KernelImage, RefusesKernelsThatCannotWork) {
  auto old = x86_kernel();
  old[0x206] = 0x0b;
  old[0x207] = 0x02;
  EXPECT_FALSE(read_kernel_image(old));
  auto narrow = x86_kernel();
  narrow[0x236] = 0;
  EXPECT_FALSE(read_kernel_image(narrow));
  EXPECT_FALSE(read_kernel_image(arm64_kernel(0)));
  auto big_endian = arm64_kernel();
  big_endian[24] |= 1;
  EXPECT_FALSE(read_kernel_image(big_endian));
}

TEST(KernelImage, SaysWhatItFoundInstead) {
  const auto found = [](std::string_view bytes) {
    return read_kernel_image(as_bytes(bytes)).error().detail;
  };
  EXPECT_NE(found("").find("empty"), std::string::npos);
  EXPECT_NE(found("\x1f\x8b rest").find("gzip"), std::string::npos);
  EXPECT_NE(found("\x7f" "ELF").find("ELF"), std::string::npos);
  EXPECT_NE(found(std::string_view("MZ\0\0zimg", 8)).find("compressed EFI"), std::string::npos);
  EXPECT_NE(found("070701").find("cpio"), std::string::npos);
  EXPECT_NE(found("!<arch>\n").find("package"), std::string::npos);
}

TEST(KernelImage, NamesBothArchitectures) {
  const TempFolder folder;
  const auto path = folder.path() + "/Image";
  write(path, arm64_kernel());
  EXPECT_TRUE(check_kernel(path, "aarch64"));
  const auto wrong = check_kernel(path, "x86_64");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kWrongArch);
  EXPECT_NE(wrong.error().detail.find("aarch64"), std::string::npos);
  EXPECT_NE(wrong.error().detail.find("x86_64"), std::string::npos);
}

}  // namespace
}  // namespace phase::node::test
