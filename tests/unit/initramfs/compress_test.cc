// Goal: the compression is one that the kernel was built to unpack.
#include "initramfs/compress.h"

#include <gtest/gtest.h>

namespace phase::initramfs {
namespace {

TEST(Compression, FollowsTheKernelsConfiguration) {
  const std::string initrd = "CONFIG_BLK_DEV_INITRD=y\n";
  EXPECT_EQ(*choose_compression(""), Compression::kZstd);
  EXPECT_EQ(*choose_compression(initrd + "CONFIG_RD_GZIP=y\nCONFIG_RD_ZSTD=y\n"),
            Compression::kZstd);
  EXPECT_EQ(*choose_compression(initrd + "CONFIG_RD_GZIP=y\n# CONFIG_RD_ZSTD is not set\n"),
            Compression::kGzip);
  EXPECT_EQ(*choose_compression(initrd + "XCONFIG_RD_ZSTD=y\nCONFIG_RD_ZSTD=yes\nCONFIG_RD_GZIP=y"),
            Compression::kGzip);
  EXPECT_EQ(choose_compression(initrd + "CONFIG_RD_XZ=y\n").error().code, ErrorCode::kUsage);
  EXPECT_EQ(choose_compression("CONFIG_RD_ZSTD=y\n").error().code, ErrorCode::kUsage);
}

TEST(Compression, HasNoTimeInItsHeader) {
  for (const Compression how : {Compression::kZstd, Compression::kGzip}) {
    const auto compressor = make_compressor(how);
    compressor->write(as_bytes("the same bytes"));
    compressor->finish();
    ASSERT_GT(compressor->output().size(), 8u) << compression_name(how);
    if (how == Compression::kGzip) {
      EXPECT_EQ(Bytes(compressor->output().begin() + 4, compressor->output().begin() + 8),
                Bytes(4, 0));
    }
  }
}

}  // namespace
}  // namespace phase::initramfs
