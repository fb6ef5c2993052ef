// Goal: a torrent that differs from the signed manifest in any way is refused before an artifact
// is fetched. Method: one good pair, altered.
#include "boot/release_check.h"

#include <gtest/gtest.h>

namespace phase::boot {
namespace {

VerifiedManifest manifest() {
  VerifiedManifest verified;
  verified.envelope_sha256.fill(0xab);
  Manifest& m = verified.manifest;
  m.channel = "stable";
  m.arch = "x86_64";
  m.release_version = 3;
  const std::string kernel = "kernel bytes", initramfs = "initramfs bytes";
  m.artifacts = {{Role::kKernel, "kernel", kernel.size(), sha256(as_bytes(kernel)), {}, ""},
                 {Role::kInitramfs, "initramfs", initramfs.size(), sha256(as_bytes(initramfs)), {}, ""}};
  m.artifacts[0].pieces_root.fill(1);
  m.artifacts[1].pieces_root.fill(2);
  return verified;
}

dht::TorrentInfo torrent() {
  dht::TorrentInfo info;
  info.name = "phase-stable-x86_64-3-abababab";
  info.piece_length = 65536;
  info.files = {{"SHA256SUMS", 100, {}}, {"initramfs", 15, {}}, {"kernel", 12, {}}, {"manifest.dsse", 300, {}}};
  info.files[1].pieces_root.fill(2);
  info.files[2].pieces_root.fill(1);
  return info;
}

ErrorCode refusal(const dht::TorrentInfo& info) {
  const auto result = check_torrent(info, manifest());
  EXPECT_FALSE(result.ok());
  return result.ok() ? ErrorCode::kInternal : result.error().code;
}

TEST(ReleaseCheck, AcceptsWhatWasSigned) {
  EXPECT_TRUE(check_has_manifest(torrent()).ok());
  EXPECT_TRUE(check_torrent(torrent(), manifest()).ok());
}

TEST(ReleaseCheck, RefusesATorrentWithoutManifest) {
  dht::TorrentInfo info = torrent();
  info.files.pop_back();
  ASSERT_FALSE(check_has_manifest(info).ok());
  EXPECT_EQ(check_has_manifest(info).error().code, ErrorCode::kUnsigned);
}

TEST(ReleaseCheck, RefusesAHugeManifestBeforeItIsFetched) {
  dht::TorrentInfo info = torrent();
  info.files[3].size = kMaxEnvelopeBytes + 1;
  EXPECT_FALSE(check_has_manifest(info).ok());
}

TEST(ReleaseCheck, RefusesALargerAndASmallerArtifact) {
  dht::TorrentInfo info = torrent();
  info.files[2].size = 13;
  EXPECT_EQ(refusal(info), ErrorCode::kLargerThanSigned);
  info.files[2].size = 11;
  EXPECT_EQ(refusal(info), ErrorCode::kSmallerThanSigned);
}

TEST(ReleaseCheck, RefusesAnotherRoot) {
  dht::TorrentInfo info = torrent();
  info.files[2].pieces_root[31] ^= 1;
  EXPECT_EQ(refusal(info), ErrorCode::kAltered);
}

TEST(ReleaseCheck, RefusesAMissingOrAnUnsignedFileOrAnotherName) {
  dht::TorrentInfo info = torrent();
  info.files.erase(info.files.begin() + 2);
  EXPECT_EQ(refusal(info), ErrorCode::kMalformed);
  info = torrent();
  info.files.push_back({"extra", 1, {}});
  EXPECT_EQ(refusal(info), ErrorCode::kMalformed);
  info = torrent();
  info.name = "phase-stable-x86_64-4-abababab";
  EXPECT_EQ(refusal(info), ErrorCode::kMalformed);
  info = torrent();
  info.files[0].size = kMaxSideFileBytes + 1;
  EXPECT_EQ(refusal(info), ErrorCode::kLargerThanSigned);
}

}  // namespace
}  // namespace phase::boot
