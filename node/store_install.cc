// Everything that changes the store. Order is what makes it safe: content, its names, the torrent,
// the pointer; each durable before the next one begins.
#include <algorithm>
#include <set>

#include "node/release_parts.h"
#include "node/store.h"
#include "proto/names.h"

namespace phase::node {
namespace {

std::string parent_of(const std::string& path) { return path.substr(0, path.find_last_of('/')); }

/// Files of the release and every folder on the way to them, deepest first.
Result<void> sync_release(Files& files, const std::string& folder, const dht::TorrentInfo& info) {
  std::set<std::string, std::greater<>> folders{folder};
  for (const auto& file : info.files) {
    const auto path = folder + "/" + file.path;
    if (auto done = files.sync_file(path); !done) return done;
    for (auto at = parent_of(path); at.size() > folder.size(); at = parent_of(at))
      folders.insert(at);
  }
  for (const auto& path : folders)
    if (auto done = files.sync_folder(path); !done) return done;
  return {};
}

struct PointedTo {
  std::set<std::string> names;
  bool all_read = true;
};

/// Names of releases that a pointer file names, whether or not the release itself is whole.
void collect(const Files& files, const std::string& folder, const PublicKey& key,
             const std::string& channel, PointedTo& found) {
  const auto names = files.list(folder);
  if (!names) {
    found.all_read = false;
    return;
  }
  for (const auto& name : *names) {
    if (!name.ends_with(".items")) continue;
    const auto bytes = files.read_file(folder + "/" + name, kMaxItemsBytes);
    const auto items = bytes ? decode_items(*bytes, key) : Result<std::vector<SignedItem>>(bytes.error());
    const auto pointer = items && !items->empty()
                             ? decode_pointer(items->front().value)
                             : Result<Pointer>(ErrorCode::kMalformed, "no pointer");
    if (!pointer) {
      found.all_read = false;
      continue;
    }
    found.names.insert(release_name(channel, name.substr(0, name.find('.')),
                                    pointer->release_version, pointer->manifest_sha256));
  }
}

}  // namespace

Result<void> Store::install(const IncomingRelease& incoming) {
  const auto held = lock(false);
  if (!held) return held.error();
  return install_locked(incoming);
}

Result<void> Store::install_locked(const IncomingRelease& incoming) {
  scan();
  auto next = read_release(files_, incoming);
  if (!next) return next.error();
  bool nothing_to_do = false;
  if (auto good = admit(*next, nothing_to_do); !good) return good;
  if (nothing_to_do) {
    if (incoming.stays || incoming.folder == path_ + "/releases/" + next->name) return {};
    return files_.remove_tree(incoming.folder);
  }
  if (auto done = incoming.stays ? refer_to(*next, incoming.folder) : move_in(*next, incoming.folder);
      !done)
    return done;
  if (auto done = point_to(*next); !done) return done;
  scan();
  check(find(next->publisher, next->channel, next->arch) != nullptr,
        "what was installed is in the store");
  return {};
}

Result<std::optional<Floor>> Store::floor_of_key(const PublicKey& key, const std::string& channel,
                                                 const std::string& arch) const {
  const auto path = pointer_folder(key, channel) + "/" + arch + ".items";
  const auto bytes = files_.read_file(path, kMaxItemsBytes);
  if (!bytes && bytes.error().code == ErrorCode::kNotFound) return std::optional<Floor>();
  if (!bytes) return bytes.error();
  const auto items = decode_items(*bytes, key);
  if (!items) return std::optional<Floor>();  // Left out already; a good pointer replaces it.
  const auto pointer = agreed_pointer(*items, channel, arch);
  if (!pointer) return std::optional<Floor>();
  return std::optional<Floor>({.release_version = pointer->release_version,
                               .seen = pointer->release_version,
                               .seq = items->front().seq,
                               .manifest_sha256 = pointer->manifest_sha256,
                               .key = key});
}

Result<std::optional<Floor>> Store::floor(const PublicKey& publisher, const std::string& channel,
                                          const std::string& arch) const {
  const StoredChain* chain = chain_of(publisher, channel, arch);
  std::optional<Floor> highest;
  for (const PublicKey& key : family(publisher, channel, arch)) {
    const auto one = floor_of_key(key, channel, arch);
    if (!one) return one.error();
    if (!*one) continue;
    if (!highest) highest = Floor{};
    highest->seen = std::max(highest->seen, (*one)->seen);
    highest->seq = std::max(highest->seq, (*one)->seq);
    const auto* release = find(key, channel, arch);
    const bool revoked = chain != nullptr && release != nullptr &&
                         release->manifest_sha256 == (*one)->manifest_sha256 &&
                         !signed_by_role(*release, chain->current());
    // The publisher's own pointer goes before another's to the same release.
    const bool higher = (*one)->release_version > highest->release_version ||
                        ((*one)->release_version == highest->release_version && key == publisher);
    if (revoked || !higher) continue;
    highest->release_version = (*one)->release_version;
    highest->manifest_sha256 = (*one)->manifest_sha256;
    highest->key = key;
  }
  return highest;
}

Result<void> Store::admit(const StoredRelease& next, bool& nothing_to_do) const {
  const auto found = floor(next.publisher, next.channel, next.arch);
  if (!found) return found.error();
  if (!*found) return {};
  const auto& old = **found;
  const auto version = next.manifest.release_version;
  const auto where = "channel " + next.channel + " on " + next.arch;
  if (version < old.release_version)
    return {ErrorCode::kRollback, where + ": the store holds release version " +
                                      std::to_string(old.release_version) + ", version " +
                                      std::to_string(version) + " is older and not taken"};
  if (version > old.release_version) return {};
  if (next.manifest_sha256 != old.manifest_sha256)
    return {ErrorCode::kRollback, where + ": another release of the same version " +
                                      std::to_string(version) +
                                      " is in the store; the publisher must raise the version"};
  // The same release, pointed to by a key that took the other's place.
  if (old.key != next.publisher) return {};
  const auto new_seq = next.pointer.front().seq;
  if (new_seq < old.seq)
    return {ErrorCode::kRollback, where + ": the store holds a newer pointer, seq " +
                                      std::to_string(old.seq) + ", than seq " +
                                      std::to_string(new_seq)};
  nothing_to_do =
      new_seq == old.seq && find(next.publisher, next.channel, next.arch) != nullptr;
  return {};
}

Result<void> Store::move_in(const StoredRelease& next, const std::string& from) {
  const auto to = path_ + "/releases/" + next.name;
  if (from != to) {
    if (auto done = sync_release(files_, from, next.info); !done) return done;
    const bool here = std::any_of(releases_.begin(), releases_.end(),
                                  [&](const auto& one) { return one.name == next.name; });
    if (here) {
      // The same release with a newer pointer: what is here is whole and being served.
      if (auto done = files_.remove_tree(from); !done) return done;
    } else {
      // What a crash or a damaged disk left under this name is pointed to by nobody.
      if (auto done = files_.remove_tree(to); !done) return done;
      if (auto done = files_.rename(from, to); !done) return done;
      if (auto done = files_.sync_folder(path_ + "/releases"); !done) return done;
      if (auto done = files_.sync_folder(parent_of(from)); !done) return done;
    }
  }
  return replace_file(files_, path_ + "/torrents/" + next.name + ".torrent", next.torrent);
}

Result<void> Store::refer_to(const StoredRelease& next, const std::string& folder) {
  const auto to = path_ + "/releases/" + next.name;
  const bool here = std::any_of(releases_.begin(), releases_.end(),
                                [&](const auto& one) { return one.name == next.name; });
  // One that the store has whole is as good as the one that stays outside, and lasts longer.
  if (!here) {
    if (auto done = files_.remove_tree(to); !done) return done;
    if (auto done = files_.link_folder(folder, to); !done) return done;
    if (auto done = files_.sync_folder(path_ + "/releases"); !done) return done;
  }
  return replace_file(files_, path_ + "/torrents/" + next.name + ".torrent", next.torrent);
}

Result<void> Store::point_to(const StoredRelease& next) {
  const auto folder = pointer_folder(next.publisher, next.channel);
  if (auto done = make_folders(files_, folder); !done) return done;
  const auto* old = find(next.publisher, next.channel, next.arch);
  // What was signed by a key that has been revoked is no release to go on with.
  const StoredChain* chain = chain_of(next.publisher, next.channel, next.arch);
  const bool revoked =
      old != nullptr && chain != nullptr && !signed_by_role(*old, chain->current());
  if (old != nullptr && old->name != next.name && !revoked) {
    const auto previous = folder + "/" + next.arch + ".previous.items";
    if (auto done = replace_file(files_, previous, encode_items(old->pointer)); !done) return done;
  }
  return replace_file(files_, folder + "/" + next.arch + ".items", encode_items(next.pointer));
}

Result<std::vector<std::string>> Store::prune() {
  const auto held = lock(false);
  if (!held) return held.error();
  return prune_locked();
}

Result<std::vector<std::string>> Store::prune_locked() {
  if (auto done = drop_superseded(); !done) return done.error();
  PointedTo wanted;
  const auto root = path_ + "/pointers";
  const auto keys = files_.list(root);
  if (!keys) return keys.error();
  for (const auto& name : *keys) {
    const auto key = parse_public_key(name);
    const auto channels = files_.list(root + "/" + name);
    if (!key || !channels) {
      wanted.all_read = false;
      continue;
    }
    for (const auto& channel : *channels)
      collect(files_, root + "/" + name + "/" + channel, *key, channel, wanted);
  }
  // With one pointer unread nobody knows which release it names; keep them all.
  std::vector<std::string> removed;
  if (!wanted.all_read) return removed;

  const auto names = files_.list(path_ + "/releases");
  if (!names) return names.error();
  for (const auto& name : *names) {
    if (!name.starts_with("phase-") || wanted.names.contains(name)) continue;
    if (auto done = files_.remove_tree(path_ + "/releases/" + name); !done) return done.error();
    removed.push_back(name);
  }
  const auto torrents = files_.list(path_ + "/torrents");
  if (!torrents) return torrents.error();
  for (const auto& file : *torrents) {
    const auto name = file.substr(0, file.rfind(".torrent"));
    if (!name.starts_with("phase-") || wanted.names.contains(name)) continue;
    if (auto done = files_.remove_tree(path_ + "/torrents/" + file); !done) return done.error();
  }
  scan();
  return removed;
}

}  // namespace phase::node
