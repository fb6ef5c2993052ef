// modules.dep and modules.builtin of a hostile kernel package: no path out of the tree, and a load
// order in which everything comes after what it needs.
#include <set>
#include <string>

#include "initramfs/module_set.h"
#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

Bytes bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

/// Each name once. In a loop one of its members has to come first, so the order among those
/// that need each other is not looked at here; the unit tests hold it for trees without loops.
void check_choice(const initramfs::ModuleIndex& index, const initramfs::ModuleChoice& choice) {
  std::set<std::string> seen;
  for (const std::string& name : choice.load_order) {
    check(seen.insert(name).second, "a module is loaded twice");
    check(initramfs::valid_module_path(index.modules.at(name).path), "a path leaves the tree");
  }
  for (const std::string& name : choice.load_order) {
    for (const std::string& need : index.modules.at(name).needs) {
      check(seen.contains(need), "a module is loaded without what it needs");
    }
  }
}

}  // namespace

std::vector<Bytes> seeds() {
  return {bytes_of("kernel/a/b.ko: kernel/a/c-d.ko.xz\nkernel/a/c-d.ko.xz:\n"),
          bytes_of("x.ko: y.ko\ny.ko: x.ko\n"), bytes_of("../a.ko:\n"), bytes_of("a.ko")};
}

void one(ByteView input) {
  const auto builtin = initramfs::parse_modules_builtin(as_text(input));
  for (const auto& [name, path] : builtin) {
    check(initramfs::valid_module_path(path), "a built-in path leaves the tree");
  }
  const auto index = initramfs::parse_modules_dep(as_text(input));
  if (!index) return;
  std::vector<std::string> all;
  for (const auto& [name, module] : index->modules) all.push_back(name);
  const auto choice = initramfs::choose_modules(*index, builtin, all);
  check(choice.load_order.size() == all.size(), "a module that is there was not chosen");
  check_choice(*index, choice);
}

}  // namespace phase::fuzz
