#include "sim/made_release.h"

#include <algorithm>
#include <cmath>
#include <fstream>

#include "proto/cpio_writer.h"

namespace phase::sim {
namespace {

constexpr std::size_t kBlock = 16 << 10;

Result<void> written(std::ofstream& out, const std::string& path) {
  out.close();
  if (out) return {};
  return {ErrorCode::kStore, path + ": cannot be written"};
}

}  // namespace

Result<void> write_made_kernel(const std::string& path) {
  // Linux Documentation/arch/x86/boot.rst
  std::string image(32 << 10, '\0');
  image[0x1fe] = '\x55';
  image[0x1ff] = '\xaa';
  image.replace(0x202, 4, "HdrS");
  image[0x206] = 0x0f;  // boot protocol 2.15
  image[0x207] = 0x02;
  image[0x211] = 1;     // loaded high
  image[0x236] = 3;     // 64-bit entry, above 4 GiB
  image[0x263] = 0x03;  // init_size: 48 MiB
  image[0x262] = 0x00;
  std::ofstream out(path, std::ios::binary);
  out << image;
  return written(out, path);
}

MadePayload::MadePayload(std::size_t bytes, std::uint64_t rng_seed)
    : state_(rng_seed * 2 + 1), content_(bytes) {
  fill(0, bytes);
}

void MadePayload::fill(std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    state_ ^= state_ << 13;  // xorshift64
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    content_[i] = static_cast<std::uint8_t>(state_ >> 32);
  }
}

void MadePayload::change(double share) {
  const std::size_t blocks = (content_.size() + kBlock - 1) / kBlock;
  const auto wanted = static_cast<std::size_t>(std::lround(share * static_cast<double>(blocks)));
  const std::size_t changed = std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(blocks, 1));
  for (std::size_t i = 0; i < changed && blocks != 0; ++i) {
    const std::size_t begin = i * blocks / changed * kBlock;
    fill(begin, std::min(begin + kBlock, content_.size()));
  }
}

Result<void> MadePayload::write(const std::string& path) const {
  std::ofstream out(path, std::ios::binary);
  CpioWriter cpio(
      [&](ByteView part) {
        out.write(reinterpret_cast<const char*>(part.data()), static_cast<std::streamsize>(part.size()));
      },
      0);
  cpio.file("payload", content_);
  cpio.finish();
  return written(out, path);
}

}  // namespace phase::sim
