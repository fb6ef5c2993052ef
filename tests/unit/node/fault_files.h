// tests/unit/node/fault_files.h
// A file system that stops at the n-th writing call and then shows what a power cut leaves: it
// remembers, for every file and folder below one root, what is there and what is durable, and
// writes the tree that would be found after the crash back to the disk.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "node/files.h"

namespace phase::node::test {

/// What survives beside what was synced; real disks do any of these.
enum class Survives : std::uint8_t {
  kSyncedOnly,  ///< Nothing.
  kNamesOnly,   ///< Names of files and folders, not the content of files (ext4's empty files).
  kEverything,  ///< All that was written.
};

class FaultFiles final : public Files {
 public:
  /// What lies below `root` now is durable. `crash_at`: the number of the writing call, from 1,
  /// that does not happen any more; 0 for never.
  FaultFiles(std::string root, std::uint64_t crash_at);

  Result<void> make_folder(const std::string& path) override;
  Result<void> write_file(const std::string& path, ByteView content) override;
  Result<void> copy_file(const std::string& from, const std::string& to) override;
  Result<void> link_file(const std::string& from, const std::string& to) override;
  Result<void> link_folder(const std::string& target, const std::string& at) override;
  Result<void> sync_file(const std::string& path) override;
  Result<void> sync_folder(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove_tree(const std::string& path) override;
  [[nodiscard]] Result<void> writable(const std::string& folder) const override;
  [[nodiscard]] Result<FileInfo> info(const std::string& path) const override;
  [[nodiscard]] Result<Bytes> read_file(const std::string& path, std::size_t limit) const override;
  [[nodiscard]] Result<FileDigest> digest(const std::string& path) const override;
  [[nodiscard]] Result<std::vector<std::string>> list(const std::string& folder) const override;
  Result<std::unique_ptr<FileLock>> lock(const std::string& path, bool wait) override;

  /// Writes the tree after the crash to the disk.
  void power_cut(Survives survives);
  [[nodiscard]] bool crashed() const { return crashed_; }
  /// Writing calls so far.
  [[nodiscard]] std::uint64_t calls() const { return calls_; }

 private:
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  /// False once the machine is off.
  bool step();
  Result<void> put(const std::string& path, const Bytes& content);
  [[nodiscard]] NodePtr find(const std::string& path) const;
  /// The folder that holds `path`, and its name there.
  [[nodiscard]] std::pair<NodePtr, std::string> place(const std::string& path) const;
  static NodePtr take_in(const std::string& path, bool folder);
  static void write_out(const Node& node, const std::string& path, Survives survives);
  bool remove_steps(const std::string& path);

  std::string root_;
  NodePtr tree_;
  std::uint64_t crash_at_;
  std::uint64_t calls_ = 0;
  bool crashed_ = false;
};

}  // namespace phase::node::test
