#include "initramfs/compress.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>

namespace phase::initramfs {
namespace {

constexpr std::size_t kBlockBytes = 256 * 1024;
constexpr int kZstdLevel = 19;
constexpr int kGzipHeader =
    16;  ///< Added to zlib's window bits: a gzip header, its time left at 0.

class ZstdCompressor final : public Compressor {
 public:
  ZstdCompressor() : context_(ZSTD_createCCtx()) {
    check(context_ != nullptr, "no memory for a zstd context");
    set(ZSTD_c_compressionLevel, kZstdLevel);
    set(ZSTD_c_checksumFlag, 1);
  }
  ~ZstdCompressor() override { ZSTD_freeCCtx(context_); }
  ZstdCompressor(const ZstdCompressor&) = delete;
  ZstdCompressor& operator=(const ZstdCompressor&) = delete;

  void write(ByteView input) override { run(input, ZSTD_e_continue); }
  void flush() override { run({}, ZSTD_e_flush); }
  void finish() override { run({}, ZSTD_e_end); }

 private:
  void set(ZSTD_cParameter parameter, int value) {
    check(ZSTD_isError(ZSTD_CCtx_setParameter(context_, parameter, value)) == 0,
          "a zstd parameter");
  }
  void run(ByteView input, ZSTD_EndDirective directive) {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    for (;;) {
      ZSTD_outBuffer out{block_.data(), block_.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context_, &out, &in, directive);
      check(ZSTD_isError(left) == 0, "zstd refuses to compress");
      output_.insert(output_.end(), block_.begin(),
                     block_.begin() + static_cast<std::ptrdiff_t>(out.pos));
      const bool done = directive == ZSTD_e_continue ? in.pos == in.size : left == 0;
      if (done) return;
    }
  }
  ZSTD_CCtx* context_;
  Bytes block_ = Bytes(kBlockBytes);
};

class GzipCompressor final : public Compressor {
 public:
  GzipCompressor() {
    check(deflateInit2(&stream_, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzipHeader,
                       MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK,
          "no memory for a gzip stream");
  }
  ~GzipCompressor() override { deflateEnd(&stream_); }
  GzipCompressor(const GzipCompressor&) = delete;
  GzipCompressor& operator=(const GzipCompressor&) = delete;

  void write(ByteView input) override {
    constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
    while (!input.empty()) {
      const ByteView part = input.first(std::min(input.size(), kMost));
      run(part, Z_NO_FLUSH);
      input = input.subspan(part.size());
    }
  }
  void flush() override { run({}, Z_SYNC_FLUSH); }
  void finish() override { run({}, Z_FINISH); }

 private:
  void run(ByteView input, int mode) {
    stream_.next_in =
        const_cast<Bytef*>(input.data());  // zlib's field is not const; it only reads.
    stream_.avail_in = static_cast<uInt>(input.size());
    do {
      stream_.next_out = block_.data();
      stream_.avail_out = static_cast<uInt>(block_.size());
      const int answer = deflate(&stream_, mode);
      check(answer != Z_STREAM_ERROR, "zlib refuses to compress");
      output_.insert(output_.end(), block_.data(), stream_.next_out);
    } while (stream_.avail_out == 0);
  }
  z_stream stream_{};
  Bytes block_ = Bytes(kBlockBytes);
};

bool has_line(std::string_view text, std::string_view line) {
  for (std::size_t at = text.find(line); at != std::string_view::npos;
       at = text.find(line, at + 1)) {
    const bool starts = at == 0 || text[at - 1] == '\n';
    const std::size_t end = at + line.size();
    if (starts && (end == text.size() || text[end] == '\n')) return true;
  }
  return false;
}

}  // namespace

const char* compression_name(Compression compression) {
  return compression == Compression::kZstd ? "zstd" : "gzip";
}

Result<Compression> choose_compression(std::string_view kernel_config) {
  if (kernel_config.empty()) return Compression::kZstd;
  if (!has_line(kernel_config, "CONFIG_BLK_DEV_INITRD=y")) {
    return {
        ErrorCode::kUsage,
        "this kernel takes no initramfs (CONFIG_BLK_DEV_INITRD is not set); use another kernel"};
  }
  if (has_line(kernel_config, "CONFIG_RD_ZSTD=y")) return Compression::kZstd;
  if (has_line(kernel_config, "CONFIG_RD_GZIP=y")) return Compression::kGzip;
  return {ErrorCode::kUsage,
          "this kernel unpacks neither zstd nor gzip (CONFIG_RD_ZSTD, CONFIG_RD_GZIP)"};
}

std::unique_ptr<Compressor> make_compressor(Compression compression) {
  if (compression == Compression::kGzip) return std::make_unique<GzipCompressor>();
  return std::make_unique<ZstdCompressor>();
}

}  // namespace phase::initramfs
