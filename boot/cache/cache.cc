#include "boot/cache/cache.h"

#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>
#include <utility>

#include "boot/cache/contents.h"
#include "boot/cache/copy.h"
#include "proto/envelope.h"
#include "proto/root_chain.h"

namespace phase::boot {
namespace {

using namespace cachefs;

/// Held until the descriptor is closed; a crash lets go of it too.
Result<Fd> take_lock(const Layout& layout) {
  auto marker = layout.root.open_file(kCacheMarker);
  if (!marker) return marker.error();
  int done = -1;
  do {
    done = ::flock(marker->fd.get(), LOCK_EX | LOCK_NB);
  } while (done != 0 && errno == EINTR);
  if (done == 0) return std::move(marker->fd);
  const std::string why = errno == EWOULDBLOCK
                              ? std::string("another process writes to it; try again later")
                              : std::string(std::strerror(errno));
  return Error{ErrorCode::kStore, "cache " + layout.root.path() + ": " + why};
}

std::string folder_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> copy_out(const OpenFile& blob, const Artifact& artifact, const std::string& to,
                      bool& altered) {
  const auto folder = Folder::open(folder_of(to));
  if (!folder) return folder.error();
  const std::string name = to.substr(to.find_last_of('/') + 1);
  const std::string beside = name + ".new";
  const auto file = folder->create(beside);
  if (!file) return file.error();
  const auto end = copy_hashed({.from = blob.fd.get(),
                                .to = file->get(),
                                .size = artifact.size,
                                .sha256 = artifact.sha256,
                                .wrote = {}});
  const int number = errno;
  if (end == CopyEnd::kDone) return folder->rename(beside, *folder, name);
  folder->remove(beside);
  altered = end == CopyEnd::kAltered;
  if (altered) return {ErrorCode::kAltered, "the cache's copy is altered"};
  return {ErrorCode::kStore, "cannot write " + to + ": " + std::strerror(number)};
}

/// Passed on to `best` where it is signed as `policy` asks.
void raise_floor(ByteView untrusted, const TrustPolicy& policy, const std::string& channel,
                 const std::string& arch, std::uint64_t& best) {
  const RoleKeys* role = policy.root.release_role(channel, arch);
  if (role == nullptr) return;
  const auto payload = verify_envelope(untrusted, kManifestType, *role);
  if (!payload) return;
  const auto manifest = decode_manifest(*payload);
  if (!manifest || manifest->channel != channel || manifest->arch != arch) return;
  best = std::max(best, manifest->release_version);
}

}  // namespace

Cache::Cache(std::unique_ptr<State> state) : state_(std::move(state)) {}
Cache::Cache(Cache&&) noexcept = default;
Cache& Cache::operator=(Cache&&) noexcept = default;
Cache::~Cache() = default;

Result<void> Cache::create(const std::string& folder) { return create_layout(folder); }

Result<void> Cache::claim(const std::string& folder, CacheUse use) {
  return claim_layout(folder, use);
}

Result<void> Cache::give(const std::string& folder, uid_t owner) {
  return give_layout(folder, owner);
}

Result<Cache> Cache::open(const std::string& folder, CacheUse use, std::uint64_t limit) {
  auto layout = open_layout(folder, use);
  if (!layout) return layout.error();
  auto state = std::make_unique<State>();
  state->use = use;
  if (use == CacheUse::kWrite) {
    auto lock = take_lock(*layout);
    if (!lock) return lock.error();
    state->lock = *std::move(lock);
  }
  state->limit = limit != 0 ? limit : default_limit(*layout);
  state->layout = *std::move(layout);
  return Cache(std::move(state));
}

std::vector<CachedRelease> Cache::list() const {
  std::vector<CachedRelease> out;
  for (Stored& stored : read_releases(state_->layout)) out.push_back(std::move(stored.release));
  std::stable_sort(out.begin(), out.end(), [](const CachedRelease& a, const CachedRelease& b) {
    return std::tie(a.manifest.channel, a.manifest.arch, b.manifest.release_version) <
           std::tie(b.manifest.channel, b.manifest.arch, a.manifest.release_version);
  });
  return out;
}

Result<Bytes> Cache::manifest(const Sha256& manifest_sha256) const {
  const auto folder = state_->layout.releases.enter(name_of(manifest_sha256));
  if (!folder) return folder.error();
  auto bytes = folder->read(kManifestName, kMaxEnvelopeBytes);
  if (bytes && sha256(*bytes) == manifest_sha256) return bytes;
  const bool other = !bytes && (bytes.error().code == ErrorCode::kNotFound ||
                                bytes.error().code == ErrorCode::kStore);
  if (other) return bytes.error();
  return Error{ErrorCode::kAltered, folder->path() + ": the manifest is altered"};
}

Result<Bytes> Cache::torrent(const Sha256& manifest_sha256) const {
  const auto folder = state_->layout.releases.enter(name_of(manifest_sha256));
  if (!folder) return folder.error();
  return folder->read(kTorrentName, kMaxTorrentBytes);
}

Result<std::vector<SignedItem>> Cache::pointer(const Sha256& manifest_sha256,
                                               const PublicKey& key) const {
  const auto folder = state_->layout.releases.enter(name_of(manifest_sha256));
  if (!folder) return folder.error();
  const auto bytes = folder->read(kPointerName, kMaxPointerFileBytes);
  if (!bytes) return bytes.error();
  auto items = decode_items(*bytes, key);
  if (!items) return items.error().in(folder->path());
  for (const SignedItem& item : *items) {
    const auto pointer = decode_pointer(item.value);
    if (!pointer) return pointer.error().in(folder->path());
    if (pointer->manifest_sha256 != manifest_sha256) {
      return Error{ErrorCode::kAltered, folder->path() + ": the pointer is of another release"};
    }
  }
  return items;
}

std::vector<Bytes> Cache::roots() const {
  std::vector<std::vector<Bytes>> chains;
  for (const Stored& stored : read_releases(state_->layout)) {
    const auto folder = state_->layout.releases.enter(name_of(stored.release.manifest_sha256));
    if (!folder) continue;
    const auto bytes = folder->read(kRootsName, kMaxRootsFileBytes);
    auto chain = bytes ? decode_root_chain(*bytes) : Result<std::vector<Bytes>>(bytes.error());
    if (chain) chains.push_back(*std::move(chain));
  }
  std::stable_sort(chains.begin(), chains.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  std::vector<Bytes> all;
  for (const auto& chain : chains) {
    for (const Bytes& document : chain) {
      if (all.size() >= kMaxRootSteps) return all;
      if (std::find(all.begin(), all.end(), document) == all.end()) all.push_back(document);
    }
  }
  return all;
}

Result<void> Cache::copy_artifact(const Artifact& artifact, const std::string& to) const {
  const Layout& layout = state_->layout;
  const std::string name = name_of(artifact.sha256);
  const auto blob = layout.blobs.open_file(name);
  if (!blob && blob.error().code != ErrorCode::kAltered) {
    return blob.error().in("cache: " + artifact.name);
  }
  Result<void> done(ErrorCode::kAltered, "the cache's copy is no file of the right size");
  bool altered = true;
  if (blob && blob->size == artifact.size) done = copy_out(*blob, artifact, to, altered);
  if (done) return done;
  if (altered && state_->use == CacheUse::kWrite) layout.blobs.remove(name);
  return done.error().in("cache: " + artifact.name);
}

std::string Cache::path_of(const Artifact& artifact) const {
  return state_->layout.blobs.path() + "/" + name_of(artifact.sha256);
}

std::uint64_t Cache::floor(const TrustPolicy& policy, const std::string& channel,
                           const std::string& arch) const {
  const Layout& layout = state_->layout;
  std::uint64_t best = 0;
  for (const Stored& stored : read_releases(layout)) {
    const Manifest& manifest = stored.release.manifest;
    if (manifest.channel != channel || manifest.arch != arch) continue;
    if (const auto bytes = this->manifest(stored.release.manifest_sha256)) {
      raise_floor(*bytes, policy, channel, arch, best);
    }
  }
  std::size_t seen = 0;
  for (const std::string& name : layout.floors.names()) {
    if (++seen > kMaxCachedReleases) break;
    if (const auto bytes = layout.floors.read(name, kMaxEnvelopeBytes)) {
      raise_floor(*bytes, policy, channel, arch, best);
    }
  }
  return best;
}

void Cache::touch(const Sha256& manifest_sha256, WallTime now) {
  const Layout& layout = state_->layout;
  if (state_->use != CacheUse::kWrite || !read_release(layout, manifest_sha256)) return;
  stamp(layout, manifest_sha256, now);
}

std::uint64_t Cache::used_bytes() const { return cachefs::used_bytes(state_->layout); }

std::uint64_t Cache::limit() const { return state_->limit; }

}  // namespace phase::boot
