#include <algorithm>

#include "node/authority.h"
#include "node/publish.h"
#include "node/seal.h"
#include "proto/envelope.h"
#include "proto/names.h"

namespace phase::node {
namespace {

bool later(WallTime next, WallTime last) {
  if (last.seconds == 0) return false;  // never expires
  return next.seconds == 0 || next > last;
}

/// Another pointer key takes over: then the same expiry is reason enough, "never" among them.
bool worth_it(const StoredRelease& last, const Manifest& next, const PublicKey& publisher) {
  if (later(next.expires, last.manifest.expires)) return true;
  return publisher != last.publisher && next.expires == last.manifest.expires;
}

Result<void> link_artifacts(Files& files, const StoredRelease& last, const std::string& staging) {
  bool folder_made = false;
  for (const auto& artifact : last.manifest.artifacts) {
    if (artifact.role == Role::kDeviceTree && !folder_made) {
      if (auto done = files.make_folder(staging + "/dtbs"); !done) return done;
      folder_made = true;
    }
    if (auto done = files.link_file(last.folder + "/" + artifact.name,
                                    staging + "/" + artifact.name);
        !done)
      return done;
  }
  return {};
}

/// The next manifest of `last`, unsigned.
Result<Manifest> next_manifest(const Clock& clock, std::int64_t lifetime, const StoredRelease& last,
                               const Authority& authority, const std::optional<Floor>& floor) {
  const auto lowest = authority.root.floor(last.channel, last.arch);
  const auto version = next_version(floor, std::nullopt, lowest);
  if (!version) return version.error();
  auto manifest = last.manifest;
  manifest.release_version = *version;
  manifest.created = clock.wall();
  manifest.expires =
      lifetime == 0 ? WallTime{} : WallTime{manifest.created.seconds + lifetime};
  if (!worth_it(last, manifest, authority.publisher))
    return {ErrorCode::kUsage,
            "the release would not expire later than now; give a longer --expires"};
  return manifest;
}

Result<StoredRelease> renew_one(Store& store, const Clock& clock, const RenewOptions& options,
                                const StoredRelease& last, const Authority& authority) {
  if (auto good = enough_signed(authority, public_keys(authority.release)); !good)
    return good.error();
  if (auto good = pointer_at_hand(authority); !good) return good.error();
  const auto floor = store.floor(authority.publisher, last.channel, last.arch);
  if (!floor) return floor.error();
  auto manifest = next_manifest(clock, options.lifetime, last, authority, *floor);
  if (!manifest) return manifest.error();
  const auto pointer = decode_pointer(last.pointer.front().value);
  if (!pointer) return pointer.error();
  const auto payload = encode_manifest(*manifest);
  if (!payload) return payload.error();

  const auto staging = open_staging(store, kStagingName);
  if (!staging) return staging.error();
  if (auto done = link_artifacts(store.files(), last, *staging); !done) {
    (void)store.files().remove_tree(*staging);  // the next publishing does it otherwise
    return done.error();
  }
  // The torrent is hashed anew and held against the manifest: a file that the disk altered since
  // is found before it is signed again.
  return seal(store, clock, *staging,
              seal_request(authority, std::move(*manifest),
                           sign_envelope(kManifestType, *payload, authority.release),
                           options.providers.value_or(pointer->providers), *floor));
}

struct Renewal {
  StoredRelease last;
  Authority authority;
};

bool is_of(const StoredRelease& release, const Store& store,
           const std::vector<const SecretKey*>& keys) {
  const StoredChain* chain = store.chain_of(release.publisher, release.channel, release.arch);
  if (keys.empty()) return chain != nullptr;  // a draft: the chain says whose
  return std::any_of(keys.begin(), keys.end(), [&](const SecretKey* key) {
    return release.publisher == key->public_key() ||
           (chain != nullptr && chain->names(key->public_key()));
  });
}

/// Releases of the publisher that the keys stand for.
Result<std::vector<Renewal>> find_renewals(const Store& store, const Clock& clock,
                                           const RenewOptions& options) {
  std::vector<Renewal> found;
  for (const auto& release : store.releases()) {
    if (!release.current || (options.channel && *options.channel != release.channel)) continue;
    if (options.arch && *options.arch != release.arch) continue;
    if (!is_of(release, store, options.keys)) continue;
    const auto family = [&](const PublicKey& key) {
      const auto keys = store.family(key, release.channel, release.arch);
      return std::find(keys.begin(), keys.end(), release.publisher) != keys.end();
    };
    auto authority = find_authority(store, {.keys = options.keys,
                                            .channel = release.channel,
                                            .arch = release.arch,
                                            .trust = options.trust,
                                            .now = clock.wall()});
    if (!authority) return authority.error();
    if (!family(authority->publisher)) continue;
    const auto where = "channel " + release.channel + " on " + release.arch;
    if (!authority->root_files.empty() && !signed_by_role(release, authority->root))
      return {ErrorCode::kNotGranted,
              where + ": release version " + std::to_string(release.manifest.release_version) +
                  " was signed by keys that root version " +
                  std::to_string(authority->root.version) +
                  " does not name; publish its files anew"};
    found.push_back({release, std::move(*authority)});
  }
  return found;
}

}  // namespace

Result<std::vector<StoredRelease>> renew(Store& store, const Clock& clock,
                                         const RenewOptions& options) {
  if (options.keys.empty()) return {ErrorCode::kUsage, "a release is signed: give --secret-key FILE"};
  const auto held = store.lock(true);
  if (!held) return held.error();
  if (auto looked = store.reload(); !looked) return looked.error();
  const auto renewals = find_renewals(store, clock, options);
  if (!renewals) return renewals.error();
  if (renewals->empty())
    return {ErrorCode::kNotFound,
            "the store holds no release of key " + options.keys.front()->public_key().id() +
                (options.channel ? " in channel " + *options.channel : std::string()) +
                " to renew; publish one first"};

  std::vector<StoredRelease> made;
  for (const auto& [last, authority] : *renewals) {
    auto one = renew_one(store, clock, options, last, authority);
    if (!one) return one.error().in("channel " + last.channel + " on " + last.arch);
    made.push_back(std::move(*one));
  }
  (void)store.prune_locked();  // what could not be removed now is removed by the next one
  return made;
}

Result<Draft> draft_renewal(Store& store, const Clock& clock, const RenewOptions& options) {
  const auto held = store.lock(true);
  if (!held) return held.error();
  if (auto looked = store.reload(); !looked) return looked.error();
  const auto renewals = find_renewals(store, clock, options);
  if (!renewals) return renewals.error();
  if (renewals->size() != 1)
    return {renewals->empty() ? ErrorCode::kNotFound : ErrorCode::kUsage,
            "the store holds " + std::to_string(renewals->size()) +
                " releases that are meant; a draft renews one: say --channel and --arch"};
  const auto& [last, authority] = renewals->front();
  const auto floor = store.floor(authority.publisher, last.channel, last.arch);
  if (!floor) return floor.error();
  auto manifest = next_manifest(clock, options.lifetime, last, authority, *floor);
  if (!manifest) return manifest.error();
  const auto payload = encode_manifest(*manifest);
  if (!payload) return payload.error();
  const auto staging = open_staging(store, draft_name(last.channel, last.arch));
  if (!staging) return staging.error();
  if (auto done = link_artifacts(store.files(), last, *staging); !done) return done.error();
  return Draft{.envelope = sign_envelope(kManifestType, *payload, authority.release),
               .manifest = std::move(*manifest),
               .role = authority.release_role,
               .signers = public_keys(authority.release)};
}

}  // namespace phase::node
