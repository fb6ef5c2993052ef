#include "node/serve_tree.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "proto/names.h"

namespace phase::node {
namespace {

constexpr std::array kTreeFiles = {"kernel", "initramfs", "rootfs", "cmdline"};
constexpr std::size_t kMaxFolders = 1000;

/// A file that lacks one of these two is no release (yet).
bool is_bootable(const std::map<std::string, Sha256>& digests) {
  return digests.contains("kernel") && digests.contains("initramfs");
}

std::vector<std::string> subfolders(const Files& files, const std::string& folder) {
  std::vector<std::string> names;
  const auto all = files.list(folder);
  if (!all) return names;
  for (const std::string& name : *all) {
    const auto info = files.info(folder + "/" + name);
    if (info && info->folder && names.size() < kMaxFolders) names.push_back(name);
  }
  return names;
}

Result<SecretKey> node_key(const Store& store, const std::string& given) {
  if (!given.empty()) return load_secret_key(given);
  const std::string path = store.path() + "/node.key";
  if (auto existing = load_secret_key(path); existing || store.files().info(path)) return existing;
  SecretKey made = SecretKey::generate(system_random());
  if (auto saved = save_secret_key(path, made); !saved) return saved.error();
  return made;
}

}  // namespace

std::vector<TreeFolder> tree_folders(const Files& files, const std::string& folder) {
  std::vector<TreeFolder> found;
  for (const std::string& channel : subfolders(files, folder)) {
    const std::string path = folder + "/" + channel;
    for (const std::string& name : subfolders(files, path)) {
      const auto arch = normalise_arch(name);
      if (!check_channel(channel) || !arch) continue;
      TreeFolder one{channel, *arch, path + "/" + name, {}};
      for (const char* file : kTreeFiles) {
        const auto info = files.info(one.path + "/" + file);
        if (info && !info->folder) one.files.emplace_back(file);
      }
      if (!one.files.empty()) found.push_back(std::move(one));
    }
  }
  return found;
}

bool looks_like_tree(const Files& files, const std::string& folder) {
  const auto folders = tree_folders(files, folder);
  return std::any_of(folders.begin(), folders.end(), [](const TreeFolder& one) {
    return std::find(one.files.begin(), one.files.end(), "kernel") != one.files.end();
  });
}

ServeTree::ServeTree(Store& store, const Clock& clock, const Log& log, std::string folder,
                     SecretKey key)
    : store_(store), clock_(clock), log_(log), folder_(std::move(folder)), key_(std::move(key)) {}

Result<std::unique_ptr<ServeTree>> ServeTree::open(Store& store, const Clock& clock, const Log& log,
                                                   const ServeTreeOptions& options) {
  auto key = node_key(store, options.secret_key);
  if (!key) return key.error();
  return std::unique_ptr<ServeTree>(
      new ServeTree(store, clock, log, options.folder, std::move(*key)));
}

std::vector<ServeTree::Entry> ServeTree::scan() const {
  std::vector<Entry> found;
  for (const TreeFolder& folder : tree_folders(store_.files(), folder_)) {
    Entry entry{folder.channel, folder.arch, folder.path, {}, {}, {}};
    for (const std::string& file : folder.files) {
      struct stat st {};
      if (::stat((folder.path + "/" + file).c_str(), &st) != 0 || !S_ISREG(st.st_mode)) continue;
      entry.stamps[file] = {st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec,
                            static_cast<std::uint64_t>(st.st_size), st.st_ino};
    }
    if (!entry.stamps.empty()) found.push_back(std::move(entry));
  }
  return found;
}

Result<std::map<std::string, Sha256>> ServeTree::digests(const Entry& entry) const {
  std::map<std::string, Sha256> all;
  for (const auto& [file, stamp] : entry.stamps) {
    const auto digest = digest_file(entry.folder + "/" + file);
    if (!digest) return digest.error();
    all[file] = digest->sha256;
  }
  return all;
}

bool ServeTree::is_stored(const Entry& entry, const std::map<std::string, Sha256>& now) const {
  const StoredRelease* release = store_.find(public_key(), entry.channel, entry.arch);
  if (release == nullptr) return false;
  const auto same = [&](const char* file, Role role) {
    const Artifact* artifact = release->manifest.find(role);
    const auto digest = now.find(file);
    if (artifact == nullptr || digest == now.end()) return artifact == nullptr && digest == now.end();
    return artifact->sha256 == digest->second;
  };
  const auto cmdline = now.find("cmdline");
  const bool same_cmdline = cmdline == now.end()
                                ? release->manifest.cmdline.empty()
                                : sha256(as_bytes(release->manifest.cmdline)) == cmdline->second ||
                                      sha256(as_bytes(release->manifest.cmdline + "\n")) ==
                                          cmdline->second;
  return same("kernel", Role::kKernel) && same("initramfs", Role::kInitramfs) &&
         same("rootfs", Role::kRootfs) && same_cmdline;
}

bool ServeTree::publish(const Entry& entry) {
  PublishOptions options;
  options.keys = {&key_};
  options.channel = entry.channel;
  options.arch = entry.arch;
  options.kernel = entry.folder + "/kernel";
  options.initramfs = entry.folder + "/initramfs";
  if (entry.stamps.contains("rootfs")) options.rootfs = entry.folder + "/rootfs";
  if (entry.stamps.contains("cmdline")) {
    const auto text = store_.files().read_file(entry.folder + "/cmdline", kMaxCmdline + 1);
    if (!text) {
      log_.error("not published", text.error());
      return false;
    }
    options.cmdline = std::string(as_text(*text));
    while (options.cmdline.ends_with('\n')) options.cmdline.pop_back();
  }
  const auto release = node::publish(store_, clock_, options);
  if (!release) {
    log_.error("not published: " + entry.folder, release.error());
    return false;
  }
  log_.info("published", {{"channel", entry.channel},
                          {"arch", entry.arch},
                          {"version", release->manifest.release_version}});
  return true;
}

void ServeTree::publish_now() {
  for (Entry& entry : scan()) {
    const auto now = digests(entry);
    if (!now) log_.error("cannot read " + entry.folder, now.error());
    else if (is_bootable(*now) && !is_stored(entry, *now)) publish(entry);
    entries_.insert_or_assign(entry.folder, std::move(entry));
  }
}

bool ServeTree::settle(Entry& entry, MonoTime now) {
  if (!entry.changed_at || now - *entry.changed_at < kQuiet) return false;
  auto digest = digests(entry);
  if (!digest || !is_bootable(*digest) || is_stored(entry, *digest)) {
    entry.changed_at.reset();
    entry.digests.clear();
    return false;
  }
  if (*digest != entry.digests) {
    entry.digests = std::move(*digest);  // to be seen once more at the next look
    return false;
  }
  entry.changed_at.reset();
  entry.digests.clear();
  return publish(entry);
}

bool ServeTree::tick(MonoTime now) {
  if (now < next_look_) return false;
  next_look_ = now + kLookEvery;
  bool published = false;
  for (Entry& seen : scan()) {
    auto [known, is_new] = entries_.try_emplace(seen.folder, seen);
    Entry& entry = known->second;
    if (is_new || entry.stamps != seen.stamps) {
      entry.stamps = seen.stamps;
      entry.changed_at = now;
      entry.digests.clear();
    }
    published |= settle(entry, now);
  }
  return published;
}

}  // namespace phase::node
