// Who may sign: newer root documents, and what changes when one is found.
#include <charconv>

#include "boot/acquire_state.h"
#include "boot/small_read.h"

namespace phase::boot {
namespace {

/// N of "trust/N.root.dsse", as our own store names these files; 0 for any other path.
std::uint64_t version_of(std::string_view path) {
  constexpr std::string_view kFolder = "trust/";
  constexpr std::string_view kSuffix = ".root.dsse";
  if (!path.starts_with(kFolder) || !path.ends_with(kSuffix)) return 0;
  path.remove_prefix(kFolder.size());
  path.remove_suffix(std::min(kSuffix.size(), path.size()));
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), version);
  return error == std::errc() && end == path.data() + path.size() ? version : 0;
}

}  // namespace

void AcquireState::start_roots() {
  for (const std::string& url : options.provider_urls) roots.ask(url);
  roots.start(clock.now());
  if (auto enough = check_root_counter(); !enough) say("root: " + enough.error().detail);
  if (!options.roots.empty()) offer_roots(options.roots, "known before");
}

void AcquireState::poll_roots(MonoTime at) {
  const bool newer = roots.tick(at);
  for (std::string& line : roots.take_refusals()) refuse(std::move(line));
  if (newer) root_changed();
}

void AcquireState::offer_roots(const std::vector<Bytes>& untrusted, const std::string& from) {
  if (roots.offer(untrusted, from, clock.now())) root_changed();
}

std::vector<std::string> AcquireState::newer_root_files(const dht::TorrentInfo& info) const {
  std::vector<std::pair<std::uint64_t, std::string>> found;
  for (const dht::TorrentFile& file : info.files) {
    const std::uint64_t version = version_of(file.path);
    if (version <= roots.root().version || file.size > kMaxRootBytes) continue;
    found.emplace_back(version, file.path);
  }
  std::sort(found.begin(), found.end());
  if (found.size() > kMaxRootSteps) found.resize(kMaxRootSteps);
  std::vector<std::string> paths;
  for (auto& [version, path] : found) paths.push_back(std::move(path));
  return paths;
}

void AcquireState::read_root_files(const dht::TorrentInfo& info) {
  std::vector<Bytes> documents;
  for (const std::string& path : newer_root_files(info)) {
    auto document = read_bytes(options.folder + "/" + info.name + "/" + path, kMaxRootBytes);
    if (document) documents.push_back(*std::move(document));
  }
  if (!documents.empty()) offer_roots(documents, info.name);
}

Result<void> AcquireState::check_root_counter() const {
  const Root& root = options.policy.root;
  if (root.counter >= options.root_counter) return {};
  return {ErrorCode::kTpm, "trust root version " + std::to_string(root.version) + " has counter " +
                               std::to_string(root.counter) +
                               ", and the TPM of this machine has seen counter " +
                               std::to_string(options.root_counter) +
                               ": a newer root document is needed"};
}

/// What was decided by the root before is decided anew.
void AcquireState::root_changed() {
  const auto keys_before = options.policy.root.pointer_keys(options.channel, options.arch);
  const bool held_back = !check_root_counter().ok();
  options.policy.root = roots.root();
  say("root: version " + std::to_string(options.policy.root.version) + " decides now");
  highest_valid = 0;
  const auto keys = options.policy.root.pointer_keys(options.channel, options.arch);
  if (keys != keys_before) {
    choice.set_keys(keys);
    relays.set_keys(keys);
    for (const dht::LanNode& node : std::vector(lan_nodes)) meet_lan_node(node);
    ask_items();
  }
  verify_cached();
  if (stage == Stage::kDiscover) return;
  if (!choice.best()) {
    // Its key signs no pointers any more.
    drop_release();
    return enter(Stage::kDiscover);
  }
  const Pointer& best = *choice.best();
  const bool same = infohashes == dht::Infohashes{best.infohash_v1, best.infohash_v2};
  if (!same || doomed || from_cache || held_back) return begin_release();
  if (!manifest) return;  // judged once it is there
  auto again = check_manifest(*session.info(*release));
  if (!again) return fail_release(again.error());
  highest_valid = again->manifest.release_version;
  manifest = *std::move(again);
}

}  // namespace phase::boot
