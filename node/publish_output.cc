#include "node/publish_output.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "node/trust_document.h"
#include "proto/utc.h"

namespace phase::node {
namespace {

const StoredChain* chain_of(const Store& store, const StoredRelease& release) {
  return store.chain_of(release.publisher, release.channel, release.arch);
}

std::string freshness(WallTime until) {
  if (until.seconds == 0)
    return "a network that shows nothing newer can keep machines on this release for ever: it does "
           "not expire";
  return "a network that shows nothing newer can keep machines on this release until " +
         utc_text(until) + "; renew it before";
}

/// What a machine is given: a single key, or the root document that everything began with.
std::string boot_with(const Store& store, const StoredRelease& release) {
  const StoredChain* chain = chain_of(store, release);
  if (chain == nullptr) return "phase.key=" + release.publisher.hex();
  if (chain->base.is_single_key()) return "phase.key=" + chain->base.root.root.keys.front().hex();
  return "a trust file that names " + chain->folder + "/base";
}

nlohmann::ordered_json to_json(const Store& store, const StoredRelease& release) {
  return {{"publisher", release.publisher.hex()},
          {"channel", release.channel},
          {"arch", release.arch},
          {"version", release.manifest.release_version},
          {"name", release.name},
          {"folder", release.folder},
          {"bytes", release.manifest.total_bytes()},
          {"kernel_release", release.manifest.kernel_release},
          {"kernel_memory", release.manifest.kernel_memory},
          {"initramfs_unpacked", release.manifest.initramfs_unpacked},
          {"created", release.manifest.created.seconds},
          {"expires", release.manifest.expires.seconds},
          {"kept_until", kept_until(store, release).seconds},
          {"seq", release.pointer.front().seq},
          {"manifest_sha256", to_hex(release.manifest_sha256)},
          {"infohash_v1", to_hex(release.info.infohashes.v1)},
          {"infohash_v2", to_hex(release.info.infohashes.v2)}};
}

std::string to_text(const Store& store, const StoredRelease& release) {
  const auto& manifest = release.manifest;
  return "published     " + release.name + "\nchannel       " + release.channel + " on " +
         release.arch + ", release version " + std::to_string(manifest.release_version) +
         "\nkernel        " +
         (manifest.kernel_release.empty() ? "release unknown" : manifest.kernel_release) +
         ", needs " + std::to_string(manifest.kernel_memory) + " bytes\ninitramfs     unpacks to " +
         std::to_string(manifest.initramfs_unpacked) + " bytes\nfolder        " + release.folder +
         "\ninfohash      " + to_hex(release.info.infohashes.v1) + "\nfreshness     " +
         freshness(kept_until(store, release)) + "\nboot with     " +
         boot_with(store, release) + " phase.channel=" + release.channel + "\n";
}

}  // namespace

WallTime kept_until(const Store& store, const StoredRelease& release) {
  const WallTime own = release.manifest.expires;
  const StoredChain* chain = chain_of(store, release);
  const WallTime root = chain == nullptr ? WallTime{} : chain->current().expires;
  if (own.seconds == 0) return root;
  return root.seconds == 0 ? own : std::min(own, root);
}

std::string published_text(const Store& store, const std::vector<StoredRelease>& releases) {
  std::string text;
  for (const auto& release : releases) text += to_text(store, release);
  return text;
}

std::string published_json(const Store& store, const std::vector<StoredRelease>& releases) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& release : releases) list.push_back(to_json(store, release));
  return nlohmann::ordered_json{{"published", list}}.dump(2) + "\n";
}

std::string draft_text(const Draft& draft, const std::string& path) {
  const auto missing = what_is_missing(draft.role, draft.signers);
  return "draft         " + path + ", release version " +
         std::to_string(draft.manifest.release_version) + " of channel " + draft.manifest.channel +
         " on " + draft.manifest.arch + "\nto sign       " +
         (missing ? *missing : "enough keys signed") +
         "\nsign with     plasmd trust sign --secret-key FILE --previous ROOT " + path +
         "\npublish with  plasmd publish --signed " + path +
         " --secret-key POINTERKEY\n              with --signed again for each copy that others signed\n";
}

}  // namespace phase::node
