#include "node/initramfs_size.h"

#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "node/cpio_meter.h"
#include "node/mapped_file.h"

namespace phase::node {
namespace {

constexpr std::size_t kBlock = 256 * 1024;
// The kernel's decoders take windows up to this much (lib/decompress_unzstd.c: 128 MiB).
constexpr std::uint64_t kDecoderMemory = 192ULL << 20;

Error bad(std::string what) { return {ErrorCode::kMalformed, std::move(what)}; }

/// Passes decompressed bytes on, up to a limit over all archives.
class Meter {
 public:
  explicit Meter(std::uint64_t limit) : left_(limit) {}
  Result<void> take(ByteView bytes) {
    if (bytes.size() > left_)
      return {ErrorCode::kMemory, "unpacks to more than any machine is expected to hold"};
    left_ -= bytes.size();
    return cpio_.feed(bytes);
  }
  Result<std::size_t> take_plain(ByteView bytes) { return cpio_.feed_some(bytes); }
  [[nodiscard]] const CpioMeter& cpio() const { return cpio_; }

 private:
  std::uint64_t left_;
  CpioMeter cpio_;
};

// Each takes one compressed stream from the front of `input` and gives back how much of it that
// was.

Result<std::size_t> take_gzip(ByteView input, Meter& meter) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) return bad("gzip: cannot begin");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> owner(&stream, inflateEnd);
  Bytes out(kBlock);
  std::size_t used = 0;
  for (;;) {
    const auto step = std::min<std::size_t>(input.size() - used, 1U << 30);
    stream.next_in = const_cast<Bytef*>(input.data() + used);
    stream.avail_in = static_cast<uInt>(step);
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    const int code = inflate(&stream, Z_NO_FLUSH);
    used += step - stream.avail_in;
    if (auto fed = meter.take(ByteView(out).first(out.size() - stream.avail_out)); !fed)
      return fed.error();
    if (code == Z_STREAM_END) return used;
    if (code == Z_BUF_ERROR && used == input.size()) return bad("gzip data that is cut off");
    if (code != Z_OK) return bad("gzip data that is damaged");
  }
}

Result<std::size_t> take_xz(ByteView input, Meter& meter) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, kDecoderMemory, 0) != LZMA_OK) return bad("xz: cannot begin");
  const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> owner(&stream, lzma_end);
  Bytes out(kBlock);
  stream.next_in = input.data();
  stream.avail_in = input.size();
  for (;;) {
    stream.next_out = out.data();
    stream.avail_out = out.size();
    const auto code = lzma_code(&stream, LZMA_RUN);
    if (auto fed = meter.take(ByteView(out).first(out.size() - stream.avail_out)); !fed)
      return fed.error();
    if (code == LZMA_STREAM_END) return input.size() - stream.avail_in;
    if (code == LZMA_BUF_ERROR) return bad("xz data that is cut off");
    if (code == LZMA_MEMLIMIT_ERROR) return bad("xz data with a larger window than Linux takes");
    if (code != LZMA_OK) return bad("xz data that is damaged");
  }
}

Result<std::size_t> take_zstd(ByteView input, Meter& meter) {
  const std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(),
                                                                       ZSTD_freeDStream);
  if (!stream) return bad("zstd: cannot begin");
  ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, 27);
  Bytes out(kBlock);
  ZSTD_inBuffer in{input.data(), input.size(), 0};
  for (;;) {
    ZSTD_outBuffer block{out.data(), out.size(), 0};
    const auto before = in.pos;
    const auto code = ZSTD_decompressStream(stream.get(), &block, &in);
    if (ZSTD_isError(code) != 0) return bad("zstd data that is damaged");
    if (auto fed = meter.take(ByteView(out).first(block.pos)); !fed) return fed.error();
    if (code == 0) return in.pos;
    if (in.pos == before && block.pos == 0) return bad("zstd data that is cut off");
  }
}

bool starts(ByteView bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && as_text(bytes.first(magic.size())) == magic;
}

/// The compressed stream that `input` begins with.
Result<std::size_t> take_one(ByteView input, Meter& meter) {
  if (starts(input, "\x1f\x8b")) return take_gzip(input, meter);
  if (starts(input, std::string_view("\xfd" "7zXZ\0", 6))) return take_xz(input, meter);
  if (starts(input, "\x28\xb5\x2f\xfd")) return take_zstd(input, meter);
  if (starts(input, "BZh") || starts(input, "\x89LZO") || starts(input, "\x02\x21\x4c\x18") ||
      starts(input, std::string_view("\x5d\0\0", 3)))
    return bad("a compression that is not supported; use gzip, xz or zstd");
  return bad("no cpio archive and no gzip, xz or zstd data");
}

}  // namespace

Result<std::uint64_t> initramfs_unpacked(ByteView image, std::uint64_t limit) {
  Meter meter(limit);
  auto rest = image;
  while (!rest.empty()) {
    if (meter.cpio().between() && rest.front() != 0 && rest.front() != '0') {
      const auto used = take_one(rest, meter);
      const auto at = std::to_string(image.size() - rest.size());
      if (!used) return Error{used.error().code, used.error().detail + " (at byte " + at + ")"};
      rest = rest.subspan(*used);
      // A compressed stream holds whole archives.
      if (!meter.cpio().between()) return bad("a cpio archive that is cut off inside its compression");
      continue;
    }
    const auto used = meter.take_plain(rest);
    if (!used) return used.error();
    rest = rest.subspan(*used);
  }
  if (auto whole = meter.cpio().finish(); !whole) return whole.error();
  return meter.cpio().unpacked();
}

Result<std::uint64_t> initramfs_unpacked(const std::string& path) {
  const auto file = MappedFile::open(path);
  if (!file) return file.error();
  auto size = initramfs_unpacked(file->bytes());
  if (!size) return Error{size.error().code, "expected an initramfs, found " + size.error().detail};
  return size;
}

}  // namespace phase::node
