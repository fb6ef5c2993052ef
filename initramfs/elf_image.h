// initramfs/elf_image.h
// What one ELF file says about itself, read by libelf from memory. Adapts: decides nothing.
// libelf's types stay in the .cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::initramfs {

inline constexpr std::uint64_t kMaxElfBytes = 512ULL << 20;
inline constexpr std::size_t kMaxElfNames = 1000;     ///< DT_NEEDED.
inline constexpr std::size_t kMaxElfName = 4096;      ///< Bytes of one.
inline constexpr std::size_t kMaxElfPaths = 64 << 10;  ///< Bytes of DT_RPATH or DT_RUNPATH.

struct ElfImage {
  std::string machine;               ///< "x86_64", "aarch64", or "ELF machine <number>".
  std::string interpreter;           ///< PT_INTERP; empty where there is none.
  std::vector<std::string> needed;   ///< DT_NEEDED, in order.
  std::vector<std::string> rpath;    ///< DT_RPATH, split at colons; empty beside DT_RUNPATH.
  std::vector<std::string> runpath;  ///< DT_RUNPATH, split at colons.
  /// Sections that nothing loads: symbols, debug information. At most the file's own size.
  std::uint64_t symbol_bytes = 0;
};

[[nodiscard]] bool is_elf(ByteView content);
/// The machine alone, as ElfImage::machine; empty for what is no ELF header.
[[nodiscard]] std::string elf_machine(ByteView content);
/// kMalformed for what is no ELF file or over a limit; `name` goes into the message.
[[nodiscard]] Result<ElfImage> read_elf(ByteView content, const std::string& name);

}  // namespace phase::initramfs
