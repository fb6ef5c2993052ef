#include "tests/bench/small_release.h"

#include <fstream>

#include "proto/cpio_writer.h"
#include "sim/must.h"

namespace phase::bench {
namespace {

using sim::must;

/// A header that the kernel checks of `plasmd publish` accept, and nothing to run behind it.
void write_kernel(const std::string& path) {
  std::string image(32 << 10, '\0');
  image[0x1fe] = '\x55';
  image[0x1ff] = '\xaa';
  image.replace(0x202, 4, "HdrS");
  image[0x206] = 0x0f;  // boot protocol 2.15
  image[0x207] = 0x02;
  image[0x211] = 1;      // loaded high
  image[0x236] = 3;      // 64-bit entry, above 4 GiB
  image[0x263] = 0x03;   // init_size: 48 MiB
  image[0x262] = 0x00;
  std::ofstream(path, std::ios::binary) << image;
}

void write_initramfs(const std::string& path, std::size_t size) {
  std::ofstream out(path, std::ios::binary);
  CpioWriter cpio(
      [&](ByteView part) {
        out.write(reinterpret_cast<const char*>(part.data()), static_cast<std::streamsize>(part.size()));
      },
      0);
  Bytes content(size);
  std::uint32_t x = 2463534242;  // xorshift: the same incompressible bytes each run
  for (auto& byte : content) {
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    byte = static_cast<std::uint8_t>(x);
  }
  cpio.file("payload", content);
  cpio.finish();
}

}  // namespace

sim::ReleaseKit make_small_release(sim::Shell& shell, const std::string& folder,
                                   std::size_t payload) {
  sim::ReleaseKit kit;
  kit.public_key = must(sim::make_key(shell, folder + "/key"));
  kit.secret_key = folder + "/key/secret.key";
  kit.kernel.vmlinuz = folder + "/kernel";
  kit.node_initramfs = folder + "/initramfs";
  write_kernel(kit.kernel.vmlinuz);
  write_initramfs(kit.node_initramfs, payload);
  return kit;
}

}  // namespace phase::bench
