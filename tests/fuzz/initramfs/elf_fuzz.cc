// Programs and libraries that somebody wants packed. Oracle: every name that comes out stands in the
// file, ended as ELF ends its strings; figures are no larger than the file; machine and verdict are the
// same however often they are asked for.
#include <algorithm>

#include "initramfs/elf_image.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/initramfs/small_elf.h"

namespace phase::fuzz {
namespace {

using namespace initramfs;

bool stands_in(ByteView content, const std::string& text) {
  return as_text(content).find(text) != std::string_view::npos;
}

void check_paths(ByteView content, const std::vector<std::string>& paths) {
  std::size_t bytes = 0;
  for (const std::string& path : paths) {
    bytes += path.size() + 1;
    check(!path.empty() && path.find(':') == std::string::npos && stands_in(content, path),
          "a path that is not in the file");
  }
  check(bytes <= kMaxElfPaths + 1, "more paths than allowed");
}

}  // namespace

std::vector<Bytes> seeds() {
  using initramfs::testing::small_elf;
  Bytes other = small_elf({});
  other[18] = 183;
  Bytes old = small_elf({});
  old[4] = 1;
  return {small_elf({}), small_elf({.interpreter = "", .needed = {"a", "b"}, .rpath = "/a:$ORIGIN"}),
          small_elf({.runpath = "::/x:", .claimed_symbols = 1ULL << 63U}), other, old};
}

void one(ByteView input) {
  // libelf reads some things where they lie: an own copy, so that every byte behind it is watched.
  const Bytes content(input.begin(), input.end());
  const std::string machine = elf_machine(content);
  check(machine.empty() == !is_elf(content), "a machine of what is no ELF file, or none");
  const auto image = read_elf(content, "x");
  if (!image) {
    check(image.error().code == ErrorCode::kMalformed && image.error().detail.starts_with("x: "),
          "an ELF file fails as malformed");
    return;
  }
  check(is_elf(content) && image->machine == machine && !machine.empty(), "another machine");
  check(image->symbol_bytes <= content.size(), "more symbols than bytes");
  check(image->needed.size() <= kMaxElfNames, "more names than allowed");
  for (const std::string& name : image->needed) {
    check(name.size() <= kMaxElfName && stands_in(content, name + '\0'), "a name out of nowhere");
  }
  check_paths(content, image->rpath);
  check_paths(content, image->runpath);
  check(image->rpath.empty() || image->runpath.empty(), "DT_RPATH beside DT_RUNPATH");
  check(image->interpreter.find('\0') == std::string::npos &&
            stands_in(content, image->interpreter),
        "a loader out of nowhere");
  const auto again = read_elf(content, "x");
  check(again.ok() && again->needed == image->needed && again->runpath == image->runpath &&
            again->symbol_bytes == image->symbol_bytes,
        "read again it says something else");
}

}  // namespace phase::fuzz
