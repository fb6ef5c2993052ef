#include "initramfs/module_pack.h"

#include <filesystem>
#include <string_view>

#include "initramfs/deb_package.h"
#include "initramfs/depmod.h"
#include "initramfs/elf_image.h"
#include "initramfs/input_file.h"
#include "initramfs/work_dir.h"

namespace phase::initramfs {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxListBytes = 64ULL << 20;

/// What depmod reads besides the modules.
constexpr const char* kBuildLists[] = {"modules.order", "modules.builtin",
                                       "modules.builtin.modinfo"};
/// What libkmod reads at boot; modules.dep is for people and for busybox.
constexpr const char* kIndexFiles[] = {
    "modules.dep",         "modules.dep.bin",           "modules.alias.bin", "modules.symbols.bin",
    "modules.builtin.bin", "modules.builtin.alias.bin", "modules.softdep"};

Result<std::string> read_modules_dep(const KernelTree& kernel) {
  const std::string path = kernel.modules() + "/modules.dep";
  std::error_code failed;
  // Debian's packages ship none: their postinst runs depmod.
  if (!fs::exists(path, failed)) {
    if (auto made = run_depmod(kernel.base, kernel.release); !made) return made.error();
  }
  auto file = read_input(path, kMaxModulesDepBytes);
  if (!file) return file.error();
  return std::string(as_text(file->content));
}

std::string read_list(const std::string& path) {
  const auto file = read_input(path, kMaxListBytes);
  return file ? std::string(as_text(file->content)) : std::string();
}

/// "kernel/x.ko.xz" as "kernel/x.ko".
std::string without_compression(const std::string& path) {
  return path.ends_with(".ko") ? path : path.substr(0, path.rfind('.'));
}

Result<Bytes> read_module(const std::string& path, const std::string& shown,
                          const std::string& machine) {
  Bytes content;
  if (path.ends_with(".ko")) {
    auto file = read_input(path, kMaxModuleBytes);
    if (!file) return file.error();
    content = std::move(file->content);
  } else {
    auto unpacked = read_compressed(path, kMaxModuleBytes);
    if (!unpacked) return unpacked.error();
    content = std::move(*unpacked);
  }
  const std::string found = elf_machine(content);
  if (found.empty())
    return {ErrorCode::kMalformed, shown + ": is no ELF file (a kernel module was expected)"};
  if (found != machine) {
    return {ErrorCode::kWrongArch, shown + ": is built for " + found + ", " + machine +
                                       " was expected; pass a kernel for " + machine +
                                       " or another --arch"};
  }
  return content;
}

Result<void> make_indexes(const KernelTree& kernel, const std::string& work, PackedModules& out) {
  const std::string folder = work + "/lib/modules/" + kernel.release;
  for (const auto& [path, content] : out.modules) {
    if (auto written = write_new_file(work + path, content); !written) return written;
  }
  for (const char* name : kBuildLists) {
    auto list = read_input(kernel.modules() + "/" + name, kMaxListBytes);
    if (!list && list.error().code == ErrorCode::kNotFound) continue;
    if (!list) return list.error();
    if (auto written = write_new_file(folder + "/" + name, list->content); !written) return written;
  }
  if (auto made = run_depmod(work, kernel.release); !made) return made;
  for (const char* name : kIndexFiles) {
    auto index = read_input(folder + "/" + name, kMaxListBytes);
    if (!index && index.error().code == ErrorCode::kNotFound) continue;
    if (!index) return index.error();
    out.indexes.emplace("/lib/modules/" + kernel.release + "/" + name, std::move(index->content));
  }
  return {};
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

Result<PackedModules> pack_modules(const KernelTree& kernel, const std::string& machine,
                                   const std::vector<std::string>& wanted,
                                   const std::string& work) {
  auto text = read_modules_dep(kernel);
  if (!text) return text.error().in("kernel " + kernel.release);
  auto index = parse_modules_dep(*text);
  if (!index) return index.error().in("kernel " + kernel.release);
  const Builtin builtin = parse_modules_builtin(read_list(kernel.modules() + "/modules.builtin"));

  PackedModules out;
  out.choice = choose_modules(*index, builtin, wanted);
  if (!has_nic_driver(*index, builtin, out.choice)) {
    return {ErrorCode::kNotFound, "kernel " + kernel.release +
                                      " has no driver of a network card among " + joined(wanted) +
                                      "; name one that it has with --modules"};
  }
  for (const std::string& name : out.choice.load_order) {
    const std::string& path = index->modules.at(name).path;
    auto content = read_module(kernel.modules() + "/" + path, path, machine);
    if (!content) return content.error().in("kernel " + kernel.release);
    out.modules.emplace("/lib/modules/" + kernel.release + "/" + without_compression(path),
                        std::move(*content));
  }
  if (auto made = make_indexes(kernel, work, out); !made) return made.error();
  return out;
}

}  // namespace phase::initramfs
