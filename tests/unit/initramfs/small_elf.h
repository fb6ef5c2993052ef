// An ELF file of a few hundred bytes that says what a test wants it to say. Nothing can run it.
#pragma once

#include <string>
#include <vector>

#include "proto/bytes.h"

namespace phase::initramfs::testing {

struct SmallElf {
  std::string interpreter = "/lib64/ld-linux-x86-64.so.2";
  std::vector<std::string> needed = {"libc.so.6"};
  std::string rpath{};
  std::string runpath{};
  std::uint64_t symbol_bytes = 16;     ///< In a section that nothing loads.
  std::uint64_t claimed_symbols = 16;  ///< How large that section says it is.
};

/// 64 bits, little-endian, x86_64.
[[nodiscard]] Bytes small_elf(const SmallElf& says);

}  // namespace phase::initramfs::testing
