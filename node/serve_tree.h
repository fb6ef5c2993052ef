// node/serve_tree.h
// A plain tree of boot files, <channel>/<arch>/{kernel,initramfs[,rootfs,cmdline]}, made into
// signed releases: the line `plasmd serve -a DIR -p 8080` of a node that nobody publishes to. The
// tree is only read; key and releases lie in the store. A file that changed becomes the next
// release once it was quiet for kQuiet and hashes the same twice.
//
// Threads: the owner's. tick() hashes and copies there; a publish of some 100 MB takes a second.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "node/log.h"
#include "node/publish.h"

namespace phase::node {

/// One <channel>/<arch> of a tree and the boot files that lie there now.
struct TreeFolder {
  std::string channel, arch;  ///< `arch` normalised.
  std::string path;
  std::vector<std::string> files;
};
[[nodiscard]] std::vector<TreeFolder> tree_folders(const Files& files, const std::string& folder);
/// True where `folder` holds at least one <channel>/<arch>/kernel.
[[nodiscard]] bool looks_like_tree(const Files& files, const std::string& folder);

struct ServeTreeOptions {
  std::string folder;
  std::string secret_key;   ///< File; empty: a key of the node's own, made at the first start.
};

class ServeTree {
 public:
  static constexpr std::chrono::seconds kQuiet{5};
  static constexpr std::chrono::seconds kLookEvery{1};

  /// kStore, and what load_secret_key() says.
  static Result<std::unique_ptr<ServeTree>> open(Store& store, const Clock& clock, const Log& log,
                                                 const ServeTreeOptions& options);

  [[nodiscard]] const PublicKey& public_key() const { return key_.public_key(); }
  /// Publishes whatever differs from the store, without waiting for quiet: the first start.
  void publish_now();
  /// Looks at the tree now and then; true where something was published.
  bool tick(MonoTime now);

 private:
  /// What tells a change of a file without reading it.
  struct Stamp {
    std::int64_t modified_ns = 0;
    std::uint64_t size = 0, inode = 0;
    auto operator<=>(const Stamp&) const = default;
  };
  struct Entry {
    std::string channel, arch, folder;
    std::map<std::string, Stamp> stamps;
    std::optional<MonoTime> changed_at;
    std::map<std::string, Sha256> digests;  // at the end of the quiet time, to be seen twice
  };

  ServeTree(Store& store, const Clock& clock, const Log& log, std::string folder, SecretKey key);
  [[nodiscard]] std::vector<Entry> scan() const;
  bool settle(Entry& entry, MonoTime now);
  bool publish(const Entry& entry);
  [[nodiscard]] Result<std::map<std::string, Sha256>> digests(const Entry& entry) const;
  [[nodiscard]] bool is_stored(const Entry& entry, const std::map<std::string, Sha256>& now) const;

  Store& store_;
  const Clock& clock_;
  const Log& log_;
  std::string folder_;
  SecretKey key_;
  std::map<std::string, Entry> entries_;  // by folder
  MonoTime next_look_;
};

}  // namespace phase::node
