#include "fault_files.h"

#include <filesystem>
#include <limits>

namespace phase::node::test {
namespace {

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
Error off() { return {ErrorCode::kInternal, "the machine is off"}; }

}  // namespace

// Like an inode: content and names, each as they are and as they are durable.
struct FaultFiles::Node {
  bool folder = false;
  Bytes content, durable_content;
  std::map<std::string, NodePtr> names, durable_names;
};

FaultFiles::FaultFiles(std::string root, std::uint64_t crash_at)
    : root_(std::move(root)), tree_(take_in(root_, true)), crash_at_(crash_at) {}

FaultFiles::NodePtr FaultFiles::take_in(const std::string& path, bool folder) {
  auto node = std::make_shared<Node>();
  node->folder = folder;
  if (!folder) {
    node->content = *real_files().read_file(path, kAll);
    node->durable_content = node->content;
    return node;
  }
  for (const auto& entry : std::filesystem::directory_iterator(path))
    node->names[entry.path().filename().string()] =
        take_in(entry.path().string(), entry.is_directory());
  node->durable_names = node->names;
  return node;
}

bool FaultFiles::step() {
  if (crashed_) return false;
  calls_ += 1;
  crashed_ = calls_ == crash_at_;
  return !crashed_;
}

FaultFiles::NodePtr FaultFiles::find(const std::string& path) const {
  check(path.starts_with(root_), "the store stays below its root");
  auto node = tree_;
  std::size_t at = root_.size();
  while (node && at < path.size()) {
    const auto end = std::min(path.find('/', at + 1), path.size());
    const auto name = path.substr(at + 1, end - at - 1);
    const auto next = node->names.find(name);
    node = next == node->names.end() ? nullptr : next->second;
    at = end;
  }
  return node;
}

std::pair<FaultFiles::NodePtr, std::string> FaultFiles::place(const std::string& path) const {
  const auto slash = path.find_last_of('/');
  auto parent = find(path.substr(0, slash));
  check(parent != nullptr, "the folder is there, the disk said so");
  return {parent, path.substr(slash + 1)};
}

Result<void> FaultFiles::make_folder(const std::string& path) {
  if (!step()) return off();
  if (auto done = real_files().make_folder(path); !done) return done;
  if (find(path)) return {};
  auto [parent, name] = place(path);
  auto node = std::make_shared<Node>();
  node->folder = true;
  parent->names[name] = node;
  return {};
}

Result<void> FaultFiles::put(const std::string& path, const Bytes& content) {
  if (auto done = real_files().write_file(path, content); !done) return done;
  auto [parent, name] = place(path);
  auto& node = parent->names[name];
  if (!node) node = std::make_shared<Node>();
  node->content = content;
  return {};
}

Result<void> FaultFiles::write_file(const std::string& path, ByteView content) {
  if (!step()) return off();
  const Bytes all(content.begin(), content.end());
  const Bytes half(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2));
  if (auto done = put(path, half); !done) return done;
  if (!step()) return off();
  return put(path, all);
}

Result<void> FaultFiles::copy_file(const std::string& from, const std::string& to) {
  if (crashed_) return off();
  if (real_files().info(to)) return {ErrorCode::kStore, to + " exists"};
  const auto content = real_files().read_file(from, kAll);
  if (!content) return content.error();
  return write_file(to, *content);
}

Result<void> FaultFiles::link_file(const std::string& from, const std::string& to) {
  if (!step()) return off();
  if (auto done = real_files().link_file(from, to); !done) return done;
  auto [parent, name] = place(to);
  parent->names[name] = find(from);
  return {};
}

Result<void> FaultFiles::link_folder(const std::string& target, const std::string& at) {
  return {ErrorCode::kStore, at + ": this file system links no folder to " + target};
}

Result<void> FaultFiles::sync_file(const std::string& path) {
  if (!step()) return off();
  if (auto done = real_files().info(path); !done) return done.error();
  const auto node = find(path);
  node->durable_content = node->content;
  return {};
}

Result<void> FaultFiles::sync_folder(const std::string& path) {
  if (!step()) return off();
  if (auto done = real_files().info(path); !done) return done.error();
  const auto node = find(path);
  node->durable_names = node->names;
  return {};
}

Result<void> FaultFiles::rename(const std::string& from, const std::string& to) {
  if (!step()) return off();
  if (auto done = real_files().rename(from, to); !done) return done;
  auto [old_parent, old_name] = place(from);
  auto [new_parent, new_name] = place(to);
  new_parent->names[new_name] = old_parent->names[old_name];
  old_parent->names.erase(old_name);
  return {};
}

/// Entry by entry, for a crash can come between two of them.
bool FaultFiles::remove_steps(const std::string& path) {
  const auto node = find(path);
  if (!node) return true;
  std::vector<std::string> names;
  for (const auto& [name, child] : node->names) names.push_back(name);
  for (const auto& name : names)
    if (!remove_steps(path + "/" + name)) return false;
  if (!step()) return false;
  (void)real_files().remove_tree(path);
  auto [parent, name] = place(path);
  parent->names.erase(name);
  return true;
}

Result<void> FaultFiles::remove_tree(const std::string& path) {
  if (crashed_ || !remove_steps(path)) return off();
  return {};
}

Result<void> FaultFiles::writable(const std::string& folder) const {
  return crashed_ ? Result<void>(off()) : real_files().writable(folder);
}
Result<FileInfo> FaultFiles::info(const std::string& path) const {
  return crashed_ ? Result<FileInfo>(off()) : real_files().info(path);
}
Result<Bytes> FaultFiles::read_file(const std::string& path, std::size_t limit) const {
  return crashed_ ? Result<Bytes>(off()) : real_files().read_file(path, limit);
}
Result<FileDigest> FaultFiles::digest(const std::string& path) const {
  return crashed_ ? Result<FileDigest>(off()) : real_files().digest(path);
}
Result<std::vector<std::string>> FaultFiles::list(const std::string& folder) const {
  return crashed_ ? Result<std::vector<std::string>>(off()) : real_files().list(folder);
}

Result<std::unique_ptr<FileLock>> FaultFiles::lock(const std::string& path, bool wait) {
  if (!step()) return off();
  auto held = real_files().lock(path, wait);
  auto [parent, name] = place(path);
  if (held && !parent->names.contains(name)) parent->names[name] = std::make_shared<Node>();
  return held;
}

void FaultFiles::write_out(const Node& node, const std::string& path, Survives survives) {
  if (!node.folder) {
    const bool all = survives == Survives::kEverything;
    const auto& content = all ? node.content : node.durable_content;
    check(real_files().write_file(path, content).ok(), "the test's folder can be written");
    return;
  }
  check(real_files().make_folder(path).ok(), "the test's folder can be written");
  const auto& names = survives == Survives::kSyncedOnly ? node.durable_names : node.names;
  for (const auto& [name, child] : names) write_out(*child, path + "/" + name, survives);
}

void FaultFiles::power_cut(Survives survives) {
  crashed_ = true;
  check(real_files().remove_tree(root_).ok(), "the test's folder can be written");
  write_out(*tree_, root_, survives);
}

}  // namespace phase::node::test
