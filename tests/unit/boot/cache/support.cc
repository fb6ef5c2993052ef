#include "tests/unit/boot/cache/support.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace phase::test {
namespace {

Bytes content(std::size_t size, std::uint8_t seed) {
  Bytes out = pattern(size);
  for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(byte + seed);
  return out;
}

bool write_text(const char* path, const std::string& text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(fd);
  return done;
}

bool own_mounts() {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return false;
  if (uid != 0 && (!write_text("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1") ||
                   !write_text("/proc/self/setgroups", "deny") ||
                   !write_text("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1"))) {
    return false;
  }
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

}  // namespace

SampleRelease::SampleRelease(const TempFolder& parent, const ReleaseSpec& spec) : spec_(spec) {
  manifest_ = test::manifest();
  manifest_.channel = spec.channel;
  manifest_.release_version = spec.version;
  folder_ = parent / ("release-" + spec.channel + "-" + std::to_string(spec.version) + "-" +
                      std::to_string(spec.signer));
  std::filesystem::create_directories(folder_ + "/dtbs");
  const auto seed =
      spec.initramfs_seed != 0 ? spec.initramfs_seed : static_cast<std::uint8_t>(spec.version);
  for (Artifact& artifact : manifest_.artifacts) {
    const Bytes bytes = artifact.role == Role::kKernel      ? content(spec.kernel_size, 0)
                        : artifact.role == Role::kInitramfs ? content(spec.initramfs_size, seed)
                                                            : content(501, 99);
    artifact.size = bytes.size();
    artifact.sha256 = sha256(bytes);
    write_file(folder_ + "/" + artifact.name, bytes);
  }
  const Bytes envelope = signed_manifest(manifest_, {spec.signer});
  hash_ = sha256(envelope);
  write_file(folder_ + "/manifest.dsse", envelope);
}

boot::CacheEntry SampleRelease::entry() const {
  Pointer pointer;
  pointer.manifest_sha256 = hash_;
  pointer.release_version = spec_.version;
  boot::CacheEntry entry;
  entry.folder = folder_;
  entry.torrent = content(3'000, static_cast<std::uint8_t>(spec_.version));
  entry.pointer = {sign_item(key(spec_.signer), pointer_salt(spec_.channel, "x86_64", 0), 5,
                             encode_pointer(pointer))};
  return entry;
}

std::string make_cache(const TempFolder& parent, const std::string& name) {
  const std::string folder = parent / name;
  std::filesystem::create_directory(folder);
  const auto made = boot::Cache::create(folder);
  EXPECT_TRUE(made) << made.error().detail;
  return folder;
}

boot::Cache open_cache(const std::string& folder, boot::CacheUse use, std::uint64_t limit) {
  auto cache = boot::Cache::open(folder, use, limit);
  check(cache.ok(), cache ? "" : cache.error().detail.c_str());
  return *std::move(cache);
}

void add(boot::Cache& cache, const SampleRelease& release, std::int64_t now) {
  const auto added = cache.add(release.entry(), WallTime{now}, {});
  ASSERT_TRUE(added) << added.error().detail;
}

std::vector<std::string> listed(const boot::Cache& cache) {
  std::vector<std::string> out;
  for (const boot::CachedRelease& one : cache.list()) {
    out.push_back(one.manifest.channel + " " + std::to_string(one.manifest.release_version) +
                  (one.complete ? "" : ", incomplete"));
  }
  return out;
}

std::string copy_all_out(const boot::Cache& cache, const TempFolder& scratch) {
  for (const boot::CachedRelease& one : cache.list()) {
    if (!one.complete) continue;
    for (const Artifact& artifact : one.manifest.artifacts) {
      const std::string to = scratch / "copied-out";
      const std::string name = one.manifest.channel + " " +
                               std::to_string(one.manifest.release_version) + " " + artifact.name;
      if (const auto done = cache.copy_artifact(artifact, to); !done) {
        return name + ": " + done.error().detail;
      }
      const auto digest = digest_file(to);
      if (!digest || digest->sha256 != artifact.sha256) return name + ": other bytes";
    }
  }
  return "";
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> out;
  for (const auto& one : std::filesystem::directory_iterator(path)) {
    out.push_back(one.path().filename());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string blob_path(const std::string& cache, const Artifact& artifact) {
  return cache + "/blobs/" + to_hex(artifact.sha256);
}

std::string in_own_mounts(const std::function<std::string(const std::string& folder)>& body) {
  const TempFolder folder;
  const std::string result = folder / "result";
  std::filesystem::create_directory(folder / "mounted");
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string failed = own_mounts() ? body(folder / "mounted") : "namespaces are refused";
    write_file(result, as_bytes(failed));
    ::_exit(0);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) return "the child died";
  return read_file(result);
}

}  // namespace phase::test
