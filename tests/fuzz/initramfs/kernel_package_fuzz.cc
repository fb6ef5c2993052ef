// Kernel packages from anybody: bytes as they are, and packages made from a script. Oracle: nothing is
// written but regular files, where a kernel's files belong, below the folder given; a visitor's limits
// hold whatever sizes are claimed; what is refused is said in printable words.
#include "initramfs/kernel_package.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "initramfs/deb_package.h"
#include "initramfs/kernel_path.h"
#include "initramfs/work_dir.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/initramfs/deb_script.h"

namespace phase::fuzz {
namespace {

namespace fs = std::filesystem;
using namespace initramfs;

void check_error(const Error& error) {
  check(!error.detail.empty() && std::all_of(error.detail.begin(), error.detail.end(),
                                             [](char c) { return c >= ' ' && c <= '~'; }),
        "a refusal that is not printable");
}

/// The bytes under a path, without a disk.
class MemoryFile {
 public:
  explicit MemoryFile(ByteView content) : fd_(::memfd_create("package", MFD_CLOEXEC)) {
    check(fd_ >= 0 && ::write(fd_, content.data(), content.size()) ==
                          static_cast<ssize_t>(content.size()),
          "a file in memory");
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

void check_written(const fs::path& top) {
  for (const auto& entry : fs::directory_iterator(top)) {
    check(entry.path().filename() == "work", "something was written beside the work folder");
  }
  if (!fs::exists(top / "work")) return;
  for (const auto& entry : fs::recursive_directory_iterator(top / "work")) {
    const auto status = entry.symlink_status();
    if (fs::is_directory(status)) continue;
    check(fs::is_regular_file(status), "no file and no folder was made");
    const auto path = classify_kernel_path(fs::relative(entry.path(), top / "work").string());
    check(path && path->kind != KernelPath::Kind::kOther, "a file that no kernel has");
  }
}

void open_it(const std::string& path) {
  auto folder = WorkDir::create();
  check(folder.ok(), "a folder");
  const std::string work = folder->path() + "/work";
  const auto tree = open_kernel(path, work, [] { return false; });
  check_written(folder->path());
  if (!tree) return check_error(tree.error());
  check(valid_kernel_release(tree->release) && tree->base == work, "which kernel");
  check(fs::is_directory(tree->modules()), "a kernel without modules");
  for (const std::string& file : {tree->image, tree->config}) {
    check(file.empty() || (file.starts_with(work + "/boot/") && fs::is_regular_file(file)), "boot/");
  }
  check(tree->package_arch.find('\n') == std::string::npos, "a field of several lines");
}

void visit(const std::string& path) {
  DebVisitor visitor;
  visitor.max_file = 1000;
  visitor.max_entries = 6;
  visitor.max_unpacked = 16 * 1024;
  std::uint64_t entries = 0;
  std::string wanted;
  visitor.wants = [&](const DebEntry& entry) -> Result<bool> {
    check(++entries <= visitor.max_entries, "more entries than allowed");
    wanted = entry.path;
    return entry.regular;
  };
  visitor.content = [&](const DebEntry& entry, ByteView content) -> Result<void> {
    check(entry.regular && entry.path == wanted, "the content of another entry");
    check(content.size() <= visitor.max_file, "a file over the limit");
    return {};
  };
  const auto control = read_deb(path, visitor);
  if (!control) return check_error(control.error());
  check(!control->empty() && control->size() <= kMaxControlBytes, "a control file over the limit");
}

Bytes script(std::string_view text) {
  Bytes out = {1};
  out.insert(out.end(), text.begin(), text.end());
  return out;
}

std::string entry(char type, char folder, const std::string& name, const std::string& link,
                  const std::string& content) {
  const auto text = [](const std::string& of) { return static_cast<char>(of.size()) + of; };
  return std::string{type, folder} + text(name) + text(link) + text(content);
}

}  // namespace

std::vector<Bytes> seeds() {
  const std::string good = entry(0, 0, "a/b.ko", "", "ELF") + entry(0, 1, "modules.order", "", "") +
                           entry(0, 3, "6.1.0-1-amd64", "", "image") +
                           entry(0, 4, "6.1.0-1-amd64", "", "CONFIG_X=y\n");
  const std::string none(1, '\0');
  std::vector<Bytes> out = {
      script(none + good), script(none + entry(2, 0, "a.ko", "/etc/passwd", "") + good),
      script(none + entry(4, 6, "../../x.ko", "", "size=9999999999") + entry(0, 0, "x", "", "y")),
      script(none + entry(5, 0, "../../x.ko", "", "") + entry(0, 7, "long", "", "y")),
      script(none + entry(0, 2, "6.2/a.ko", "", "z") + good),
      script("\x12" "Depends: linux-x\n\x1b" + entry(3, 0, "a", "", "")),
      script(none + entry(10, 0, "s.ko", "", "0123") + entry(1, 0, "h.ko", "a/b.ko", ""))};
  Bytes raw = {0};
  const Bytes whole = deb_from(ByteView(out.front()).subspan(1));
  raw.insert(raw.end(), whole.begin(), whole.end());
  out.push_back(std::move(raw));
  return out;
}

void one(ByteView input) {
  if (input.empty()) return;
  const ByteView rest = input.subspan(1);
  if (input[0] % 2 == 1) {
    const MemoryFile file(deb_from(rest));
    visit(file.path());
    return open_it(file.path());
  }
  const MemoryFile file(rest);
  visit(file.path());
  open_it(file.path());
  constexpr std::uint64_t kLimit = 4096;
  const auto unpacked = read_compressed(file.path(), kLimit);
  if (!unpacked) return check_error(unpacked.error());
  check(unpacked->size() <= kLimit, "more was unpacked than allowed");
}

}  // namespace phase::fuzz
