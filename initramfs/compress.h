// initramfs/compress.h
// Compresses the archive as the kernel unpacks it: zstd, or gzip for kernels without
// CONFIG_RD_ZSTD. One thread and no time in the header: the same input gives the same bytes. Why
// zstd, in figures: docs/INITRAMFS.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::initramfs {

enum class Compression : std::uint8_t { kZstd, kGzip };
[[nodiscard]] const char* compression_name(Compression compression);

/// What a kernel with this configuration (the text of boot/config-<release>; empty: none was
/// shipped, and zstd is taken, as every distribution's kernel since 5.9 has it) can unpack.
/// kUsage where it takes no initramfs, or neither of the two.
[[nodiscard]] Result<Compression> choose_compression(std::string_view kernel_config);

class Compressor {
 public:
  virtual ~Compressor() = default;
  virtual void write(ByteView input) = 0;
  /// Ends a block, so that everything written is in output(). Costs some bytes.
  virtual void flush() = 0;
  virtual void finish() = 0;
  [[nodiscard]] const Bytes& output() const { return output_; }

 protected:
  Bytes output_;
};

/// At the highest ordinary level (zstd 19 with its 8 MiB window, gzip 9).
[[nodiscard]] std::unique_ptr<Compressor> make_compressor(Compression compression);

}  // namespace phase::initramfs
