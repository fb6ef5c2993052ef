#include "node/store.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "node/release_parts.h"
#include "proto/names.h"

namespace phase::node {
namespace {

constexpr std::string_view kItemsSuffix = ".items";
constexpr std::string_view kPreviousSuffix = ".previous.items";

/// What tells one state of the store from another.
std::vector<std::string> state_of(const std::vector<StoredRelease>& releases,
                                  const std::vector<StoredChain>& chains) {
  std::vector<std::string> state;
  for (const auto& chain : chains)
    state.push_back(chain.folder + " " + std::to_string(chain.current().version));
  for (const auto& release : releases)
    state.push_back(release.name + " " + release.publisher.hex() + " " +
                    std::to_string(release.pointer.front().seq) + (release.current ? "" : " old"));
  return state;
}

}  // namespace

std::string default_store_path() {
  const auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
  };
  // systemd joins several with colons; the first is ours.
  if (const auto given = variable("STATE_DIRECTORY"); !given.empty())
    return given.substr(0, given.find(':'));
  if (::geteuid() == 0) return "/var/lib/phase";
  if (const auto state = variable("XDG_STATE_HOME"); !state.empty()) return state + "/phase";
  return variable("HOME") + "/.local/state/phase";
}

Store::Store(Files& files, std::string path) : files_(files), path_(std::move(path)) {}

Result<std::unique_ptr<Store>> Store::open(Files& files, const StoreOptions& options) {
  auto path = options.path;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  if (path.empty()) return {ErrorCode::kUsage, "the store's path is empty; give --artifacts DIR"};
  std::unique_ptr<Store> store(new Store(files, path));
  if (options.create) {
    if (auto made = store->create(); !made) return made.error().in("store " + path);
  } else if (const auto there = files.info(path + "/pointers"); !there || !there->folder) {
    return {ErrorCode::kNotFound,
            path + " is no release store; publish into it first, or give another --artifacts"};
  }
  store->scan();
  return store;
}

Result<void> Store::create() {
  for (const char* part : {"/releases", "/torrents", "/pointers", "/trust", "/incoming"})
    if (auto made = make_folders(files_, path_ + part); !made)
      return {ErrorCode::kStore, made.error().detail};
  for (const char* part : {"", "/releases", "/torrents", "/pointers", "/trust", "/incoming"})
    if (auto good = files_.writable(path_ + part); !good) return good;
  return {};
}

Result<bool> Store::reload() {
  const auto before = state_of(releases_, chains_);
  scan();
  return state_of(releases_, chains_) != before;
}

void Store::scan() {
  releases_.clear();
  left_out_.clear();
  scan_chains();
  const auto root = path_ + "/pointers";
  const auto keys = files_.list(root);
  if (!keys) return leave_out(root, keys.error());
  for (const auto& name : *keys) {
    const auto folder = root + "/" + name;
    const auto key = parse_public_key(name);
    if (!key || key->hex() != name) {
      leave_out(folder, {ErrorCode::kMalformed, "its name is no public key in lower case digits"});
      continue;
    }
    const auto channels = files_.list(folder);
    if (!channels) {
      leave_out(folder, channels.error());
      continue;
    }
    for (const auto& channel : *channels) scan_channel(*key, channel, folder + "/" + channel);
  }
  settle_keys();
}

void Store::scan_channel(const PublicKey& key, const std::string& channel,
                         const std::string& folder) {
  const auto names = files_.list(folder);
  if (!names) return leave_out(folder, names.error());
  for (const auto& name : *names) {
    if (!name.ends_with(kItemsSuffix) || name.ends_with(kPreviousSuffix)) continue;
    const auto arch = name.substr(0, name.size() - kItemsSuffix.size());
    const auto current_path = folder + "/" + name;
    auto current = load(key, current_path);
    if (!current) {
      leave_out(current_path, current.error());
    } else if (current->channel != channel || current->arch != arch) {
      leave_out(current_path, {ErrorCode::kMalformed, "names a release of channel " +
                                                          current->channel + " on " +
                                                          current->arch});
      continue;
    }
    const auto previous_path = folder + "/" + arch + std::string(kPreviousSuffix);
    auto previous = load(key, previous_path);
    if (!previous && previous.error().code != ErrorCode::kNotFound)
      leave_out(previous_path, previous.error());
    // A crash between the two renames leaves the same pointer under both names.
    const bool older = previous && previous->channel == channel && previous->arch == arch &&
                       (!current || previous->manifest.release_version <
                                        current->manifest.release_version);
    if (current) releases_.push_back(std::move(*current));
    if (older) {
      previous->current = false;
      releases_.push_back(std::move(*previous));
    }
  }
}

Result<StoredRelease> Store::load(const PublicKey& key, const std::string& items_path) const {
  const auto bytes = files_.read_file(items_path, kMaxItemsBytes);
  if (!bytes) return bytes.error();
  auto items = decode_items(*bytes, key);
  if (!items) return items.error();
  if (items->empty()) return {ErrorCode::kMalformed, "holds no item"};
  const auto pointer = decode_pointer(items->front().value);
  if (!pointer) return pointer.error();

  // phase/1/<channel>/<arch>, maybe #1; the release's own word on both is checked below.
  const auto& salt = items->front().salt;
  const auto arch_at = salt.rfind('/');
  constexpr std::string_view kPrefix = "phase/1/";
  if (!salt.starts_with(kPrefix) || arch_at == std::string::npos || arch_at < kPrefix.size())
    return {ErrorCode::kMalformed, "is no pointer of a channel"};
  const auto channel = salt.substr(kPrefix.size(), arch_at - kPrefix.size());
  const auto arch = salt.substr(arch_at + 1, salt.find('#', arch_at) - arch_at - 1);
  const auto name = release_name(channel, arch, pointer->release_version,
                                 pointer->manifest_sha256);
  if (!check_channel(channel) || name.find('/') != std::string::npos)
    return {ErrorCode::kMalformed, "is no pointer of a channel"};

  auto torrent = files_.read_file(path_ + "/torrents/" + name + ".torrent", kMaxTorrentBytes);
  if (!torrent)
    return Error{ErrorCode::kStore, torrent.error().detail}.in("release " + name + " is not whole");
  auto release = read_release(files_, {.publisher = key,
                                       .folder = path_ + "/releases/" + name,
                                       .torrent = std::move(*torrent),
                                       .pointer = std::move(*items)});
  // kNotFound is kept for a pointer file that is not there.
  if (!release && release.error().code == ErrorCode::kNotFound)
    return Error{ErrorCode::kStore, release.error().detail}.in("release " + name + " is not whole");
  return release;
}

void Store::leave_out(const std::string& path, const Error& why) {
  left_out_.push_back(path + ": " + why.detail);
}

std::string Store::pointer_folder(const PublicKey& key, const std::string& channel) const {
  return path_ + "/pointers/" + key.hex() + "/" + channel;
}

Result<std::unique_ptr<FileLock>> Store::lock(bool wait) {
  return files_.lock(path_ + "/lock", wait);
}

const StoredRelease* Store::find(const PublicKey& publisher, const std::string& channel,
                                 const std::string& arch) const {
  for (const auto& release : releases_)
    if (release.current && release.publisher == publisher && release.channel == channel &&
        release.arch == arch)
      return &release;
  return nullptr;
}

}  // namespace phase::node
