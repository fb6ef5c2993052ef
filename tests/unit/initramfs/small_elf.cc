#include "tests/unit/initramfs/small_elf.h"

#include <elf.h>

#include <cstring>

namespace phase::initramfs::testing {
namespace {

constexpr std::size_t kHeaders = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr);
constexpr std::uint16_t kSections = 4;  // None, strings, dynamic, symbols.

template <class Part>
void put(std::string& out, std::size_t at, const Part& part) {
  out.replace(at, sizeof part, reinterpret_cast<const char*>(&part), sizeof part);
}

/// Strings one after the other; add() says where one begins.
class Strings {
 public:
  std::uint64_t add(const std::string& text) {
    const std::uint64_t at = all_.size();
    all_ += text + '\0';
    return at;
  }
  [[nodiscard]] const std::string& all() const { return all_; }

 private:
  std::string all_ = std::string(1, '\0');
};

std::string dynamic_section(const SmallElf& says, Strings& strings) {
  std::string out;
  const auto entry = [&out](Elf64_Sxword tag, std::uint64_t value) {
    Elf64_Dyn dyn{};
    dyn.d_tag = tag;
    dyn.d_un.d_val = value;
    out.append(reinterpret_cast<const char*>(&dyn), sizeof dyn);
  };
  for (const std::string& name : says.needed) entry(DT_NEEDED, strings.add(name));
  if (!says.rpath.empty()) entry(DT_RPATH, strings.add(says.rpath));
  if (!says.runpath.empty()) entry(DT_RUNPATH, strings.add(says.runpath));
  entry(DT_NULL, 0);
  return out;
}

Elf64_Shdr section(std::uint32_t type, std::uint64_t flags, std::uint64_t offset,
                   std::uint64_t size) {
  Elf64_Shdr out{};
  out.sh_type = type;
  out.sh_flags = flags;
  out.sh_offset = offset;
  out.sh_size = size;
  out.sh_addralign = 1;
  return out;
}

}  // namespace

Bytes small_elf(const SmallElf& says) {
  std::string out(kHeaders, '\0');
  Elf64_Phdr loader{};
  loader.p_type = PT_INTERP;
  loader.p_offset = out.size();
  loader.p_filesz = says.interpreter.size() + 1;
  out += says.interpreter + '\0';

  Strings strings;
  const std::string dynamic = dynamic_section(says, strings);
  out.resize((out.size() + 7) / 8 * 8, '\0');
  auto of_dynamic = section(SHT_DYNAMIC, SHF_ALLOC, out.size(), dynamic.size());
  of_dynamic.sh_link = 1;
  of_dynamic.sh_entsize = sizeof(Elf64_Dyn);
  of_dynamic.sh_addralign = 8;
  out += dynamic;
  const auto of_strings = section(SHT_STRTAB, SHF_ALLOC, out.size(), strings.all().size());
  out += strings.all();
  const auto of_symbols = section(SHT_PROGBITS, 0, out.size(), says.claimed_symbols);
  out.append(says.symbol_bytes, 's');
  out.resize((out.size() + 7) / 8 * 8, '\0');

  Elf64_Ehdr head{};
  std::memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_ident[EI_DATA] = ELFDATA2LSB;
  head.e_ident[EI_VERSION] = EV_CURRENT;
  head.e_type = ET_DYN;
  head.e_machine = EM_X86_64;
  head.e_version = EV_CURRENT;
  head.e_ehsize = sizeof(Elf64_Ehdr);
  head.e_phoff = sizeof(Elf64_Ehdr);
  head.e_phentsize = sizeof(Elf64_Phdr);
  head.e_phnum = 1;
  head.e_shoff = out.size();
  head.e_shentsize = sizeof(Elf64_Shdr);
  head.e_shnum = kSections;
  put(out, 0, head);
  put(out, sizeof head, loader);
  for (const Elf64_Shdr& header : {Elf64_Shdr{}, of_strings, of_dynamic, of_symbols}) {
    out.append(reinterpret_cast<const char*>(&header), sizeof header);
  }
  return {out.begin(), out.end()};
}

}  // namespace phase::initramfs::testing
