#include "node/kernel_image.h"

#include <algorithm>
#include <string_view>

#include "node/mapped_file.h"

namespace phase::node {
namespace {

std::uint64_t little_endian(ByteView bytes, std::size_t at, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) value = value << 8 | bytes[at + i];
  return value;
}

bool has(ByteView bytes, std::size_t at, std::string_view magic) {
  return bytes.size() >= at + magic.size() && as_text(bytes.subspan(at, magic.size())) == magic;
}

/// Up to the first space, printable, at most 64 bytes.
std::string release_word(std::string_view text) {
  std::string word;
  for (const char c : text.substr(0, 64)) {
    if (c <= ' ' || c > '~') break;
    word += c;
  }
  return word;
}

// Offsets from the start of the file; the setup header begins at 0x1f1.
constexpr std::size_t kBootFlag = 0x1fe, kHeaderMagic = 0x202, kProtocol = 0x206,
                      kVersionPointer = 0x20e, kXloadFlags = 0x236, kInitSize = 0x260,
                      kHeaderEnd = 0x264;

Result<KernelImage> read_x86(ByteView image) {
  if (image.size() < kHeaderEnd)
    return {ErrorCode::kMalformed, "an x86 boot header that is cut off"};
  if (little_endian(image, kProtocol, 2) < 0x020c)
    return {ErrorCode::kMalformed,
            "an x86 kernel with a boot protocol before 2.12 (Linux 3.8); use a newer kernel"};
  if ((little_endian(image, kXloadFlags, 2) & 1) == 0)
    return {ErrorCode::kMalformed, "a 32-bit x86 kernel; use one built for x86_64"};
  KernelImage kernel{.arch = "x86_64", .memory = little_endian(image, kInitSize, 4), .release = {}};
  const auto pointer = little_endian(image, kVersionPointer, 2);
  if (pointer != 0 && image.size() > pointer + 0x200)
    kernel.release = release_word(as_text(image.subspan(pointer + 0x200)));
  return kernel;
}

Result<KernelImage> read_arm64(ByteView image) {
  KernelImage kernel{.arch = "aarch64", .memory = little_endian(image, 16, 8), .release = {}};
  // Flag bit 0: endianness. image_size is 0 only before Linux 3.17.
  if ((little_endian(image, 24, 8) & 1) != 0)
    return {ErrorCode::kMalformed, "a big-endian arm64 kernel; use a little-endian one"};
  if (kernel.memory == 0)
    return {ErrorCode::kMalformed, "an arm64 kernel without image_size (before Linux 3.17)"};
  constexpr std::string_view kBanner = "Linux version ";
  const auto text = as_text(image);
  // The format string of /proc/version holds the same words, followed by a '%'.
  for (auto at = text.find(kBanner); at != std::string_view::npos; at = text.find(kBanner, at + 1)) {
    const auto word = release_word(text.substr(at + kBanner.size()));
    if (!word.empty() && word[0] >= '0' && word[0] <= '9') {
      kernel.release = word;
      break;
    }
  }
  return kernel;
}

std::string describe(ByteView image) {
  if (image.empty()) return "an empty file";
  if (has(image, 0, "\x1f\x8b")) return "a gzip file; unpack it first (an arm64 Image.gz?)";
  if (has(image, 0, "\x7f" "ELF")) return "an ELF file (vmlinux?); use bzImage or Image";
  if (has(image, 0, "MZ") && has(image, 4, "zimg"))
    return "a compressed EFI image (vmlinuz.efi); unpack the Image inside it first";
  if (has(image, 0, "MZ")) return "an EFI program that is no Linux kernel";
  if (has(image, 0, "07070")) return "a cpio archive (an initramfs?)";
  if (has(image, 0, "!<arch>")) return "a package; unpack it and give its boot/vmlinuz";
  if (has(image, 0, "\x28\xb5\x2f\xfd") || has(image, 0, "\xfd" "7zXZ"))
    return "a compressed file (an initramfs?)";
  return "something that is no Linux kernel image";
}

}  // namespace

Result<KernelImage> read_kernel_image(ByteView image) {
  if (image.size() >= kHeaderMagic + 4 && little_endian(image, kBootFlag, 2) == 0xaa55 &&
      has(image, kHeaderMagic, "HdrS"))
    return read_x86(image);
  if (image.size() >= 64 && has(image, 56, "ARM\x64")) return read_arm64(image);
  return {ErrorCode::kMalformed, describe(image)};
}

Result<KernelImage> check_kernel(const std::string& path, const std::string& arch) {
  const auto file = MappedFile::open(path);
  if (!file) return file.error();
  auto kernel = read_kernel_image(file->bytes());
  if (!kernel)
    return {ErrorCode::kMalformed, "expected a Linux kernel for " + arch + ", found " +
                                       kernel.error().detail};
  if (kernel->arch != arch)
    return {ErrorCode::kWrongArch, "is a kernel for " + kernel->arch + ", expected one for " +
                                       arch + "; give the other file or --arch " + kernel->arch};
  if (kernel->memory == 0)
    return {ErrorCode::kMalformed, "its header does not say how much memory it needs"};
  return kernel;
}

}  // namespace phase::node
