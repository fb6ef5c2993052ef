#include "tests/unit/sim/hostile/made_release.h"

#include <filesystem>

#include "sim/hostile/tally.h"

namespace phase::sim::test {

MadeRelease::MadeRelease(const std::string& name, std::uint64_t rng_seed) {
  Chance chance(rng_seed);
  initramfs_ = chance.bytes(150'000);
  kernel_ = chance.bytes(10);
  std::filesystem::create_directories(folder());
  node::test::write(folder() + "/initramfs", initramfs_);
  node::test::write(folder() + "/kernel", kernel_);
  const auto made = dht::make_torrent(name, folder(), {"initramfs", "kernel"});
  check(made.ok(), "a torrent of two files");
  node::test::write(torrent_file(), made->torrent);
  info_ = made->info;
}

ReleaseCopy MadeRelease::copy() const {
  auto out = ReleaseCopy::open(torrent_file(), folder());
  check(out.ok(), "a torrent that was just made");
  return std::move(*out);
}

}  // namespace phase::sim::test
