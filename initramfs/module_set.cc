#include "initramfs/module_set.h"

#include <algorithm>
#include <array>
#include <set>

namespace phase::initramfs {
namespace {

constexpr std::array<std::string_view, 4> kSuffixes{".ko", ".ko.xz", ".ko.zst", ".ko.gz"};

/// Takes the text up to `end` off the front of `rest`; all of it where there is no `end`.
std::string_view take_until(std::string_view& rest, char end) {
  const std::size_t at = rest.find(end);
  const std::string_view head = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return head;
}

Error malformed(std::size_t line, const std::string& rule) {
  return {ErrorCode::kMalformed, "modules.dep: line " + std::to_string(line) + ": " + rule};
}

/// A path of modules.dep as its module's name; empty where it breaks a rule.
std::string checked_name(std::string_view path) {
  return valid_module_path(path) ? module_name(path) : std::string();
}

Result<void> parse_line(std::string_view text, std::size_t line, ModuleIndex& index) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return malformed(line, "no colon after the module");
  const std::string_view path = text.substr(0, colon);
  const std::string name = checked_name(path);
  if (name.empty()) return malformed(line, "is no path of a module inside the tree");
  Module module{std::string(path), {}};
  std::string_view rest = text.substr(colon + 1);
  while (!rest.empty()) {
    const std::string_view need = take_until(rest, ' ');
    if (need.empty()) continue;
    std::string need_name = checked_name(need);
    if (need_name.empty()) return malformed(line, "needs what is no path of a module");
    if (module.needs.size() >= kMaxModules) return malformed(line, "needs too many modules");
    module.needs.push_back(std::move(need_name));
  }
  if (!index.modules.emplace(name, std::move(module)).second) {
    return malformed(line, "module " + name + " has a line already");
  }
  if (index.modules.size() > kMaxModules) return malformed(line, "too many modules");
  return {};
}

/// Depth first without recursion, so that a long chain of a hostile file costs heap and no stack.
void add_with_needs(const ModuleIndex& index, const std::string& wanted,
                    std::set<std::string>& seen, std::vector<std::string>& order) {
  struct Frame {
    const std::string* name;
    const Module* module;
    std::size_t next = 0;
  };
  std::vector<Frame> stack;
  const auto enter = [&](const std::string& name) {
    const auto found = index.modules.find(name);
    if (found == index.modules.end() || !seen.insert(name).second) return;
    stack.push_back({&found->first, &found->second});
  };
  enter(wanted);
  while (!stack.empty()) {
    Frame& top = stack.back();
    if (top.next < top.module->needs.size()) {
      // modules.dep lists the nearest first; what is needed deepest is to be loaded first.
      enter(top.module->needs[top.module->needs.size() - ++top.next]);
    } else {
      order.push_back(*top.name);
      stack.pop_back();
    }
  }
}

}  // namespace

std::string module_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view file = slash == std::string_view::npos ? path : path.substr(slash + 1);
  for (const std::string_view suffix : kSuffixes) {
    if (file.size() > suffix.size() && file.ends_with(suffix)) {
      std::string name(file.substr(0, file.size() - suffix.size()));
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    }
  }
  return {};
}

bool valid_module_path(std::string_view path) {
  if (path.empty() || path.size() > kMaxModulePathBytes || path.back() == '/') return false;
  const bool printable =
      std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
  if (!printable) return false;
  while (!path.empty()) {
    const std::string_view part = take_until(path, '/');
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

Result<ModuleIndex> parse_modules_dep(std::string_view untrusted) {
  if (untrusted.size() > kMaxModulesDepBytes) {
    return {ErrorCode::kMalformed,
            "modules.dep: larger than " + std::to_string(kMaxModulesDepBytes) + " bytes"};
  }
  ModuleIndex index;
  std::size_t line = 0;
  while (!untrusted.empty()) {
    const std::string_view text = take_until(untrusted, '\n');
    ++line;
    if (text.empty()) continue;
    if (auto parsed = parse_line(text, line, index); !parsed) return parsed.error();
  }
  for (const auto& [name, module] : index.modules) {
    for (const std::string& need : module.needs) {
      if (!index.modules.contains(need)) {
        return {ErrorCode::kMalformed,
                "modules.dep: " + name + " needs " + need + ", which has no line of its own"};
      }
    }
  }
  return index;
}

Builtin parse_modules_builtin(std::string_view untrusted) {
  Builtin out;
  while (!untrusted.empty() && out.size() < kMaxModules) {
    const std::string_view path = take_until(untrusted, '\n');
    const std::string name = checked_name(path);
    if (!name.empty()) out.emplace(name, path);
  }
  return out;
}

ModuleChoice choose_modules(const ModuleIndex& index, const Builtin& builtin,
                            const std::vector<std::string>& wanted) {
  ModuleChoice choice;
  std::set<std::string> seen;
  std::set<std::string> asked;
  for (std::string name : wanted) {
    std::replace(name.begin(), name.end(), '-', '_');
    if (!asked.insert(name).second) continue;
    if (index.modules.contains(name)) {
      add_with_needs(index, name, seen, choice.load_order);
    } else if (builtin.contains(name)) {
      choice.builtin.push_back(name);
    } else {
      choice.missing.push_back(name);
    }
  }
  return choice;
}

bool has_nic_driver(const ModuleIndex& index, const Builtin& builtin, const ModuleChoice& choice) {
  const auto drives_nic = [](const std::string& path) {
    return path.find("drivers/net/") != std::string::npos;
  };
  return std::any_of(choice.load_order.begin(), choice.load_order.end(),
                     [&](const auto& name) { return drives_nic(index.modules.at(name).path); }) ||
         std::any_of(choice.builtin.begin(), choice.builtin.end(),
                     [&](const auto& name) { return drives_nic(builtin.at(name)); });
}

const std::vector<std::string>& default_nic_modules() {
  // mlx4 and mlx5 are left out for their size (mlx5_core alone is 2 MB); --modules takes them.
  static const std::vector<std::string> names{"virtio_net", "e1000", "e1000e",  "igb",      "r8169",
                                              "ena",        "gve",   "vmxnet3", "hv_netvsc"};
  return names;
}

const std::vector<std::string>& default_bus_modules() {
  static const std::vector<std::string> names{"virtio_pci", "virtio_mmio", "af_packet"};
  return names;
}

const std::vector<std::string>& default_storage_modules() {
  // The kernel asks for nls_* and crc32c by a program that is not there, so all are at hand.
  static const std::vector<std::string> names{
      "virtio_blk", "virtio_scsi", "sd_mod",    "nvme",          "ahci",     "ext4",
      "vfat",       "nls_cp437",   "nls_ascii", "nls_iso8859_1", "nls_utf8", "crc32c_generic"};
  return names;
}

}  // namespace phase::initramfs
