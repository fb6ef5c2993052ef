// What the tests of boot/cache/ share: small real releases, signed with keys that are the same in
// every run, and a cache in a folder that goes away.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "boot/cache/cache.h"
#include "tests/unit/proto/support.h"

namespace phase::test {

struct ReleaseSpec {
  std::uint64_t version = 1;
  std::string channel = "stable";
  std::uint8_t signer = 1;
  std::size_t kernel_size = 70'001;
  std::size_t initramfs_size = 5'003;
  std::uint8_t initramfs_seed = 0;  ///< 0: the version, so that each release has its own.
};

/// A release in a folder of its own: its kernel is the same in every version.
class SampleRelease {
 public:
  SampleRelease(const TempFolder& parent, const ReleaseSpec& spec);
  /// Folder, a .torrent (any bytes: the cache does not read it) and a pointer signed by the signer.
  [[nodiscard]] boot::CacheEntry entry() const;
  [[nodiscard]] const Sha256& hash() const { return hash_; }
  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] const Artifact& initramfs() const { return *manifest_.find(Role::kInitramfs); }

 private:
  ReleaseSpec spec_;
  std::string folder_;
  Manifest manifest_;
  Sha256 hash_{};
};

/// An empty folder made a cache.
std::string make_cache(const TempFolder& parent, const std::string& name = "cache");
boot::Cache open_cache(const std::string& folder, boot::CacheUse use = boot::CacheUse::kWrite,
                       std::uint64_t limit = 0);
/// Adds, and ends the test's function where that fails.
void add(boot::Cache& cache, const SampleRelease& release, std::int64_t now = 1'800'000'000);
/// "stable 3" each, in the order of list(); "…, incomplete".
std::vector<std::string> listed(const boot::Cache& cache);
/// Every file of every complete release comes out with its hash; what does not is named.
std::string copy_all_out(const boot::Cache& cache, const TempFolder& scratch);
/// Names in `path`, sorted.
std::vector<std::string> names_in(const std::string& path);
std::string blob_path(const std::string& cache, const Artifact& artifact);

/// Runs `body` in a mount namespace of its own; it returns what failed, empty: nothing.
std::string in_own_mounts(const std::function<std::string(const std::string& folder)>& body);

}  // namespace phase::test
