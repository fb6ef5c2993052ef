// Files that a publisher hands over: kernels, device trees, initramfs archives. They are its own,
// and are measured with bounds all the same, for what is measured is signed.
#include <string>

#include "node/device_tree_name.h"
#include "node/initramfs_size.h"
#include "node/kernel_image.h"
#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

using namespace node;

constexpr std::uint64_t kLimit = 4 << 20;

void put(Bytes& out, std::size_t at, std::string_view text) {
  if (out.size() < at + text.size()) out.resize(at + text.size());
  std::copy(text.begin(), text.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
}

/// Documentation/x86/boot.rst: boot_flag, "HdrS", version, init_size.
Bytes bzimage() {
  Bytes out(0x400);
  put(out, 0x1fe, "\x55\xaa");
  put(out, 0x202, "HdrS");
  put(out, 0x206, std::string("\x0f\x02", 2));
  put(out, 0x20e, std::string("\x00\x01", 2));
  put(out, 0x236, std::string("\x03\x00", 2));
  put(out, 0x260, std::string("\x00\x00\x40\x00", 4));
  put(out, 0x300, std::string("6.1.0-test (builder)\0", 21));
  return out;
}

Bytes arm64_image() {
  Bytes out(64);
  put(out, 16, std::string("\x00\x00\x10\x00\x00\x00\x00\x00", 8));
  put(out, 56, "ARM\x64");
  return out;
}

Bytes cpio() {
  const auto entry = [](std::string_view name, std::string_view content) {
    char head[111];
    std::snprintf(head, sizeof head, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1,
                  0100644, 0, 0, 1, 0, static_cast<unsigned>(content.size()), 0, 0, 0, 0,
                  static_cast<unsigned>(name.size() + 1), 0);
    std::string out = head;
    out.append(name) += '\0';
    out.resize((out.size() + 3) & ~std::size_t{3});
    out.append(content);
    out.resize((out.size() + 3) & ~std::size_t{3});
    return out;
  };
  const std::string text = entry("init", "#!/bin/sh\n") + entry("TRAILER!!!", "");
  return {text.begin(), text.end()};
}

/// Devicetree Specification 0.4: header, structure block with one property, strings block.
Bytes device_tree() {
  Bytes out(0x78);
  const auto word = [&](std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) out[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  };
  const std::uint32_t header[] = {0xd00dfeed, 0x78, 0x38, 0x6c, 0x28, 17, 16, 0, 12, 0x34};
  for (std::size_t i = 0; i < 10; ++i) word(4 * i, header[i]);
  const std::uint32_t body[] = {1, 0, 3, 11, 0};  // root node, a property of 11 bytes
  for (std::size_t i = 0; i < 5; ++i) word(0x38 + 4 * i, body[i]);
  put(out, 0x4c, std::string("acme,board\0", 11));
  word(0x58, 2);
  word(0x5c, 9);
  put(out, 0x6c, std::string("compatible\0", 11));
  return out;
}

}  // namespace

std::vector<Bytes> seeds() {
  // gzip, xz and zstd of nothing, so that each decompressor is reached.
  const std::string gzip("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
  const std::string xz("\xfd" "7zXZ\x00\x00\x04\xe6\xd6\xb4\x46\x00\x00\x00\x00\x1c\xdf\x44\x21\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04YZ", 32);
  const std::string zstd("\x28\xb5\x2f\xfd\x24\x00\x01\x00\x00\x99\xe9\xd8\x51", 13);
  std::vector<Bytes> out{bzimage(), arm64_image(), cpio(), device_tree()};
  for (const std::string& text : {gzip, xz, zstd}) out.emplace_back(text.begin(), text.end());
  return out;
}

void one(ByteView input) {
  if (const auto kernel = read_kernel_image(input)) {
    check(kernel->arch == "x86_64" || kernel->arch == "aarch64", "an architecture of its own");
    for (const char c : kernel->release) check(c > ' ' && c <= '~', "a release that cannot be shown");
  }
  if (const auto machine = device_tree_machine(input)) {
    // Which characters a name may have is the manifest's rule.
    check(!machine->empty() && machine->find('\0') == std::string::npos, "a machine without a name");
  }
  const auto size = initramfs_unpacked(input, kLimit);
  check(!size.ok() || *size <= kLimit + (1 << 20), "more than the limit");
}

}  // namespace phase::fuzz
