#include "initramfs/elf_image.h"

#include <elf.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

namespace phase::initramfs {
namespace {

struct ElfEnd {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfEnd>;

constexpr std::size_t kMachineOffset = 18;
constexpr std::size_t kSmallestHeader = 52;

std::vector<std::string> split_paths(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    if (!part.empty()) out.emplace_back(part);
    text.remove_prefix(colon == std::string_view::npos ? text.size() : colon + 1);
  }
  return out;
}

/// One entry of the dynamic section that names something; false where it is over a limit.
bool take_name(std::int64_t tag, std::string_view text, ElfImage& image) {
  if (tag == DT_NEEDED) {
    if (image.needed.size() >= kMaxElfNames || text.size() > kMaxElfName) return false;
    image.needed.emplace_back(text);
    return true;
  }
  if (text.size() > kMaxElfPaths) return false;
  (tag == DT_RPATH ? image.rpath : image.runpath) = split_paths(text);
  return true;
}

bool read_dynamic(Elf* elf, Elf_Scn* section, const GElf_Shdr& header, ElfImage& image) {
  Elf_Data* data = elf_getdata(section, nullptr);
  if (data == nullptr || header.sh_entsize == 0) return true;
  const auto count = static_cast<int>(header.sh_size / header.sh_entsize);
  for (int i = 0; i < count; ++i) {
    GElf_Dyn entry;
    if (gelf_getdyn(data, i, &entry) == nullptr || entry.d_tag == DT_NULL) return true;
    if (entry.d_tag != DT_NEEDED && entry.d_tag != DT_RPATH && entry.d_tag != DT_RUNPATH) continue;
    const char* text = elf_strptr(elf, header.sh_link, entry.d_un.d_val);
    if (text != nullptr && !take_name(entry.d_tag, text, image)) return false;
  }
  return true;
}

/// False where it names more than we take.
bool read_sections(Elf* elf, ByteView content, ElfImage& image) {
  for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr;
       section = elf_nextscn(elf, section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    if (header.sh_type == SHT_DYNAMIC && !read_dynamic(elf, section, header, image)) return false;
    const bool in_memory = (header.sh_flags & SHF_ALLOC) != 0;
    const bool in_file = header.sh_type != SHT_NOBITS && header.sh_offset <= content.size() &&
                         header.sh_size <= content.size() - header.sh_offset;
    if (!in_memory && in_file) image.symbol_bytes += header.sh_size;
  }
  // Sections of a lying file lie over each other.
  image.symbol_bytes = std::min<std::uint64_t>(image.symbol_bytes, content.size());
  return true;
}

void read_interpreter(Elf* elf, ByteView content, ElfImage& image) {
  std::size_t count = 0;
  if (elf_getphdrnum(elf, &count) != 0) return;
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr) return;
    if (header.p_type != PT_INTERP) continue;
    if (header.p_offset > content.size() || header.p_filesz > content.size() - header.p_offset) {
      return;
    }
    const auto text = as_text(content.subspan(header.p_offset, header.p_filesz));
    image.interpreter = std::string(text.substr(0, text.find('\0')));
    return;
  }
}

}  // namespace

bool is_elf(ByteView content) {
  return content.size() >= kSmallestHeader && std::memcmp(content.data(), ELFMAG, SELFMAG) == 0;
}

std::string elf_machine(ByteView content) {
  if (!is_elf(content)) return {};
  const bool little = content[EI_DATA] == ELFDATA2LSB;
  const unsigned first = content[kMachineOffset];
  const unsigned second = content[kMachineOffset + 1];
  const unsigned machine = little ? first | second << 8U : first << 8U | second;
  const bool wide = content[EI_CLASS] == ELFCLASS64;
  if (little && wide && machine == EM_X86_64) return "x86_64";
  if (little && wide && machine == EM_AARCH64) return "aarch64";
  if (machine == EM_386) return "i386";
  return "ELF machine " + std::to_string(machine) + (wide ? ", 64 bits" : ", 32 bits");
}

Result<ElfImage> read_elf(ByteView content, const std::string& name) {
  const Error no_elf{ErrorCode::kMalformed,
                     name + ": is no ELF file (a program or library was expected)"};
  if (!is_elf(content)) return no_elf;
  elf_version(EV_CURRENT);
  // libelf takes a char* for both uses; with elf_memory and no elf_update it only reads.
  auto* bytes = const_cast<char*>(reinterpret_cast<const char*>(content.data()));
  const ElfHandle elf(elf_memory(bytes, content.size()));
  if (!elf || elf_kind(elf.get()) != ELF_K_ELF) return no_elf;
  ElfImage image;
  image.machine = elf_machine(content);
  if (!read_sections(elf.get(), content, image)) {
    return {ErrorCode::kMalformed, name + ": names more or longer libraries than a program has"};
  }
  read_interpreter(elf.get(), content, image);
  if (!image.runpath.empty()) image.rpath.clear();  // ld.so(8): DT_RPATH counts only alone.
  return image;
}

}  // namespace phase::initramfs
