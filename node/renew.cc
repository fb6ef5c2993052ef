#include <algorithm>

#include "node/publish.h"
#include "node/seal.h"
#include "proto/names.h"

namespace phase::node {
namespace {

bool later(WallTime next, WallTime last) {
  if (last.seconds == 0) return false;  // never expires
  return next.seconds == 0 || next > last;
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

Result<StoredRelease> renew_one(Store& store, const Clock& clock, const RenewOptions& options,
                                const StoredRelease& last) {
  const auto where = "channel " + last.channel + " on " + last.arch;
  const auto floor = store.floor(last.publisher, last.channel, last.arch);
  if (!floor) return floor.error();
  const auto version = next_version(*floor, std::nullopt);
  if (!version) return version.error().in(where);

  auto manifest = last.manifest;
  manifest.release_version = *version;
  manifest.created = clock.wall();
  manifest.expires = options.lifetime == 0
                         ? WallTime{}
                         : WallTime{manifest.created.seconds + options.lifetime};
  if (!later(manifest.expires, last.manifest.expires))
    return {ErrorCode::kUsage,
            where + ": the release would not expire later than now; give a longer --expires"};
  const auto pointer = decode_pointer(last.pointer.front().value);
  if (!pointer) return pointer.error();

  const auto staging = open_staging(store);
  if (!staging) return staging.error();
  if (auto done = link_artifacts(store.files(), last, *staging); !done) {
    (void)store.files().remove_tree(*staging);  // the next publishing does it otherwise
    return done.error();
  }
  // The torrent is hashed anew and held against the manifest: a file that the disk altered since
  // is found before it is signed again.
  auto made = seal(store, clock, *staging,
                   {.keys = options.keys, .providers = pointer->providers,
                    .manifest = std::move(manifest), .floor = *floor});
  if (!made) return made.error().in(where);
  return made;
}

}  // namespace

Result<std::vector<StoredRelease>> renew(Store& store, const Clock& clock,
                                         const RenewOptions& options) {
  if (options.keys.empty()) return {ErrorCode::kUsage, "a release is signed: give --secret-key FILE"};
  const auto held = store.lock(true);
  if (!held) return held.error();
  if (auto looked = store.reload(); !looked) return looked.error();

  const auto& publisher = options.keys.front()->public_key();
  std::vector<StoredRelease> last;
  for (const auto& release : store.releases())
    if (release.current && release.publisher == publisher &&
        (!options.channel || *options.channel == release.channel))
      last.push_back(release);
  if (last.empty())
    return {ErrorCode::kNotFound,
            "the store holds no release of key " + publisher.id() +
                (options.channel ? " in channel " + *options.channel : std::string()) +
                " to renew; publish one first"};

  std::vector<StoredRelease> made;
  for (const auto& release : last) {
    auto one = renew_one(store, clock, options, release);
    if (!one) return one.error();
    made.push_back(std::move(*one));
  }
  (void)store.prune_locked();  // what could not be removed now is removed by the next one
  return made;
}

}  // namespace phase::node
