#include "initramfs/kernel_tree.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "initramfs/kernel_path.h"
#include "initramfs/module_set.h"

namespace phase::initramfs {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kStartBytes = 64;
constexpr int kMaxTreeDepth = 32;

bool holds_modules(const fs::path& folder) {
  std::error_code failed;
  return fs::is_directory(folder / "kernel", failed) ||
         fs::exists(folder / "modules.order", failed) || fs::exists(folder / "modules.dep", failed);
}

/// Copies a tree's module files into the work folder as links.
class Linker {
 public:
  Linker(fs::path root, std::string work, const Cancelled& cancelled)
      : root_(std::move(root)), work_(std::move(work)), cancelled_(cancelled) {}

  [[nodiscard]] std::int64_t newest() const { return newest_; }

  Result<void> link(const fs::path& from, const std::string& to) {
    if (cancelled_()) return {ErrorCode::kCancelled, root_.string() + ": stopped on request"};
    if (++entries_ > kMaxPackageEntries) {
      return {ErrorCode::kMalformed,
              root_.string() + ": more than " + std::to_string(kMaxPackageEntries) + " files"};
    }
    std::error_code failed;
    const fs::path real = fs::canonical(from, failed);
    if (failed) return {ErrorCode::kNotFound, from.string() + ": " + failed.message()};
    if (!inside(real)) {
      return {ErrorCode::kMalformed,
              from.string() + ": leads out of the tree, to " + real.string()};
    }
    struct stat status {};
    if (::stat(real.c_str(), &status) == 0)
      newest_ = std::max<std::int64_t>(newest_, status.st_mtime);
    fs::create_directories(fs::path(to).parent_path(), failed);
    fs::create_symlink(real, to, failed);
    if (failed) return {ErrorCode::kStore, to + ": " + failed.message()};
    return {};
  }

  Result<void> link_modules(const fs::path& folder, const std::string& to, int depth) {
    if (depth > kMaxTreeDepth)
      return {ErrorCode::kMalformed, folder.string() + ": too many folders"};
    std::error_code failed;
    std::vector<fs::path> entries;
    for (fs::directory_iterator it(folder, failed), end; !failed && it != end;
         it.increment(failed)) {
      entries.push_back(it->path());
    }
    if (failed) return {ErrorCode::kStore, folder.string() + ": " + failed.message()};
    std::sort(entries.begin(), entries.end());
    for (const fs::path& entry : entries) {
      const std::string name = entry.filename().string();
      const bool folder_link = fs::is_symlink(fs::symlink_status(entry, failed));
      if (fs::is_directory(entry, failed)) {
        if (folder_link) continue;  // build/ and source/ lead to the kernel's headers.
        if (auto done = link_modules(entry, to + "/" + name, depth + 1); !done) return done;
        continue;
      }
      const bool list = depth == 0 && name.starts_with("modules.");
      if (module_name(name).empty() && !list) continue;
      if (auto done = link(entry, to + "/" + name); !done) return done;
    }
    return {};
  }

 private:
  [[nodiscard]] bool inside(const fs::path& real) const {
    const auto [end, ignored] = std::mismatch(root_.begin(), root_.end(), real.begin(), real.end());
    return end == root_.end();
  }

  fs::path root_;
  std::string work_;
  const Cancelled& cancelled_;
  std::uint64_t entries_ = 0;
  std::int64_t newest_ = 0;
};

}  // namespace

std::string image_of(const std::string& work, const std::string& release) {
  return work + "/boot/vmlinuz-" + release;
}

std::string config_of(const std::string& work, const std::string& release) {
  return work + "/boot/config-" + release;
}

Result<KernelTree> one_release(const std::string& path, const std::string& work,
                               const std::set<std::string>& releases) {
  if (releases.size() != 1) {
    std::string names;
    for (const std::string& release : releases) names += (names.empty() ? "" : ", ") + release;
    return {ErrorCode::kUsage,
            path + ": holds several kernels (" + names + "); pass the package or tree of one"};
  }
  KernelTree tree;
  tree.release = *releases.begin();
  tree.base = work;
  std::error_code failed;
  if (fs::exists(image_of(work, tree.release), failed)) tree.image = image_of(work, tree.release);
  if (fs::exists(config_of(work, tree.release), failed))
    tree.config = config_of(work, tree.release);
  return tree;
}

Result<KernelTree> open_unpacked(const std::string& path, const std::string& work,
                                 const Cancelled& cancelled) {
  std::error_code failed;
  const fs::path root = fs::canonical(path, failed);
  if (failed) return {ErrorCode::kNotFound, path + ": " + failed.message()};
  std::set<std::string> releases;
  fs::path modules;
  for (const char* parent : {"lib/modules", "usr/lib/modules"}) {
    for (fs::directory_iterator it(root / parent, failed), end; !failed && it != end;
         it.increment(failed)) {
      const std::string release = it->path().filename().string();
      if (!valid_kernel_release(release) || !holds_modules(it->path())) continue;
      if (releases.insert(release).second) modules = it->path();
    }
  }
  if (releases.empty()) {
    return {ErrorCode::kUsage, path + ": has no lib/modules/<release>/ in it; pass an unpacked " +
                                   "kernel package, or the package itself"};
  }
  if (auto one = one_release(path, work, releases); !one) return one.error();
  const std::string release = *releases.begin();
  Linker linker(root, work, cancelled);
  if (auto done = linker.link_modules(modules, work + "/lib/modules/" + release, 0); !done) {
    return done.error();
  }
  for (const fs::path& image : {root / "boot" / ("vmlinuz-" + release), modules / "vmlinuz"}) {
    if (!fs::exists(image, failed) || fs::exists(image_of(work, release), failed)) continue;
    if (auto done = linker.link(image, image_of(work, release)); !done) return done.error();
  }
  for (const fs::path& config : {root / "boot" / ("config-" + release), modules / "config"}) {
    if (!fs::exists(config, failed) || fs::exists(config_of(work, release), failed)) continue;
    if (auto done = linker.link(config, config_of(work, release)); !done) return done.error();
  }
  auto tree = one_release(path, work, releases);
  if (tree) tree->mtime = linker.newest();
  return tree;
}

Result<Bytes> read_start(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Bytes out(kStartBytes);
  if (!file) return {ErrorCode::kStore, path + ": cannot be opened"};
  file.read(reinterpret_cast<char*>(out.data()), kStartBytes);
  out.resize(static_cast<std::size_t>(file.gcount()));
  return out;
}

}  // namespace phase::initramfs
