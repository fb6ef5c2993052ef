#include "initramfs/kernel_package.h"

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <set>
#include <string_view>

#include "initramfs/deb_package.h"
#include "initramfs/input_file.h"
#include "initramfs/kernel_path.h"
#include "initramfs/kernel_tree.h"
#include "initramfs/work_dir.h"

namespace phase::initramfs {
namespace {

namespace fs = std::filesystem;

/// Takes a package's files into the work folder, one after the other.
class Unpacker {
 public:
  Unpacker(std::string package, std::string work, const Cancelled& cancelled)
      : package_(std::move(package)), work_(std::move(work)), cancelled_(cancelled) {}

  Result<bool> wants(const DebEntry& entry) {
    if (cancelled_()) return {ErrorCode::kCancelled, package_ + ": stopped on request"};
    const auto path = classify_kernel_path(entry.path);
    if (!path) return bad(entry, "has a path that leaves the package; do not use this file");
    if (path->kind == KernelPath::Kind::kOther) return false;
    if (entry.link) return bad(entry, "is a link where a file of the kernel was expected");
    if (!entry.regular) return false;
    if (!seen_.insert(target(*path)).second) return bad(entry, "is there twice");
    return true;
  }

  Result<void> take(const DebEntry& entry, ByteView content) {
    const auto path = classify_kernel_path(entry.path);
    check(path.has_value(), "an entry was wanted that has no place");
    if (path->kind == KernelPath::Kind::kModuleFile) releases_.insert(path->release);
    return write_new_file(target(*path), content);
  }

  [[nodiscard]] const std::set<std::string>& releases() const { return releases_; }

 private:
  [[nodiscard]] std::string target(const KernelPath& path) const {
    switch (path.kind) {
      case KernelPath::Kind::kImage:
        return image_of(work_, path.release);
      case KernelPath::Kind::kConfig:
        return config_of(work_, path.release);
      default:
        return work_ + "/lib/modules/" + path.release + "/" + path.inside;
    }
  }
  [[nodiscard]] Error bad(const DebEntry& entry, const std::string& what) const {
    return {ErrorCode::kMalformed, package_ + ": " + shown(entry.path) + ": " + what};
  }

  std::string package_, work_;
  const Cancelled& cancelled_;
  std::set<std::string> seen_;
  std::set<std::string> releases_;
};

/// The package that a metapackage stands for: the first of its dependencies that is a kernel.
std::string depended_on(const std::string& control) {
  const std::string depends = control_field(control, "Depends");
  const std::size_t at = depends.find("linux-image-");
  if (at == std::string::npos) return {};
  // Somebody may paste it into a shell.
  constexpr std::string_view kNames = "abcdefghijklmnopqrstuvwxyz0123456789+-.";
  return depends.substr(at, depends.find_first_not_of(kNames, at) - at);
}

Error no_modules(const std::string& path, const std::string& control) {
  const std::string name = shown(control_field(control, "Package"));
  const std::string target = depended_on(control);
  if (!target.empty()) {
    return {ErrorCode::kUsage,
            path + ": " + name + " is a metapackage without a kernel in it; fetch " +
                "the package that it depends on (apt-get download " + target + ") and pass that"};
  }
  return {ErrorCode::kUsage, path + ": " + name + " has no lib/modules/<release>/ in it; pass a " +
                                 "kernel package (linux-image-...)"};
}

Result<KernelTree> open_deb(const std::string& path, const std::string& work,
                            const Cancelled& cancelled) {
  Unpacker unpacker(path, work, cancelled);
  DebVisitor visitor;
  visitor.wants = [&](const DebEntry& entry) { return unpacker.wants(entry); };
  visitor.content = [&](const DebEntry& entry, ByteView content) {
    return unpacker.take(entry, content);
  };
  visitor.max_file = kMaxPackageFileBytes;
  visitor.max_entries = kMaxPackageEntries;
  visitor.max_unpacked = kMaxUnpackedBytes;
  auto control = read_deb(path, visitor);
  if (!control) return control.error();
  if (unpacker.releases().empty()) return no_modules(path, *control);
  auto tree = one_release(path, work, unpacker.releases());
  if (tree) tree->package_arch = shown(control_field(*control, "Architecture"));
  return tree;
}

bool is_rpm(ByteView start) {
  return start.size() >= 4 && start[0] == 0xed && start[1] == 0xab && start[2] == 0xee &&
         start[3] == 0xdb;
}

}  // namespace

Result<KernelTree> open_kernel(const std::string& path, const std::string& work,
                               const Cancelled& cancelled) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return {ErrorCode::kNotFound, path + ": no such file or folder (a kernel package or an " +
                                      "unpacked tree was expected)"};
  }
  if (S_ISDIR(status.st_mode)) return open_unpacked(path, work, cancelled);
  auto file = read_start(path);
  if (!file) return file.error();
  if (is_rpm(*file) || path.ends_with(".rpm")) {
    return {ErrorCode::kUsage, path + ": is an RPM, which this version does not read; unpack it " +
                                   "(rpm2cpio FILE | cpio -id) and pass the folder"};
  }
  auto tree = open_deb(path, work, cancelled);
  if (tree) tree->mtime = status.st_mtime;
  return tree;
}

}  // namespace phase::initramfs
