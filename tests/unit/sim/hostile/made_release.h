// tests/unit/sim/hostile/made_release.h
// A small torrent of a release, with its files.
#pragma once

#include <string>

#include "dht/torrent.h"
#include "sim/hostile/release_copy.h"
#include "tests/unit/node/release_fixture.h"

namespace phase::sim::test {

/// 150,000 bytes of initramfs and 10 of a kernel, drawn from `version`.
class MadeRelease {
 public:
  explicit MadeRelease(std::uint64_t version)
      : MadeRelease("phase-stable-x86_64-" + std::to_string(version) + "-01234567", version) {}
  MadeRelease(const std::string& name, std::uint64_t rng_seed);

  [[nodiscard]] const dht::TorrentInfo& info() const { return info_; }
  [[nodiscard]] std::string folder() const { return folder_.path() + "/files"; }
  [[nodiscard]] std::string torrent_file() const { return folder_.path() + "/it.torrent"; }
  [[nodiscard]] const Bytes& initramfs() const { return initramfs_; }
  [[nodiscard]] const Bytes& kernel() const { return kernel_; }
  [[nodiscard]] ReleaseCopy copy() const;

 private:
  node::test::TempFolder folder_;
  Bytes initramfs_, kernel_;
  dht::TorrentInfo info_;
};

}  // namespace phase::sim::test
