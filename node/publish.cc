#include "node/publish.h"

#include "node/authority.h"
#include "node/seal.h"
#include "node/stage.h"
#include "node/trust_document.h"
#include "proto/envelope.h"
#include "proto/utc.h"

namespace phase::node {
namespace {

/// Everything that is known before a file is read: who signs it, and as which version.
struct Plan {
  Manifest manifest;
  Authority authority;
  std::optional<Floor> floor;
};

Result<Plan> plan_release(Store& store, const Clock& clock, const PublishOptions& options) {
  auto manifest = begin_manifest(clock, options);
  if (!manifest) return manifest.error();
  if (auto looked = store.reload(); !looked) return looked.error();
  auto authority = find_authority(store, {.keys = options.keys,
                                          .channel = manifest->channel,
                                          .arch = manifest->arch,
                                          .trust = options.trust,
                                          .now = clock.wall()});
  if (!authority) return authority.error();
  const auto floor = store.floor(authority->publisher, manifest->channel, manifest->arch);
  if (!floor) return floor.error();
  const auto lowest = authority->root.floor(manifest->channel, manifest->arch);
  const auto version = next_version(*floor, options.release_version, lowest);
  if (!version) return version.error();
  manifest->release_version = *version;
  return Plan{std::move(*manifest), std::move(*authority), *floor};
}

Result<Bytes> sign_manifest(const Manifest& manifest, const std::vector<const SecretKey*>& keys) {
  const auto payload = encode_manifest(manifest);
  if (!payload) return payload.error();
  return sign_envelope(kManifestType, *payload, keys);
}

/// The draft with the signatures of all its copies, once they are enough. One that came alone stays
/// as it is: a signature that has no say any more takes nothing from the others.
Result<Bytes> gathered(const SignedDraftOptions& options, const Authority& authority) {
  Bytes envelope = options.envelope;
  if (!options.copies.empty()) {
    auto together = put_together(envelope, options.copies, {authority.release_role});
    if (!together) return together.error();
    envelope = std::move(together->bytes);
  }
  const auto view = decode_envelope(envelope);
  if (!view) return view.error();
  const auto message = pre_authentication_encoding(kManifestType, view->payload);
  if (auto good = enough_signed(
          authority, signers_among(message, view->signatures, authority.release_role));
      !good)
    return good.error();
  return envelope;
}

}  // namespace

SealRequest seal_request(const Authority& authority, Manifest manifest, Bytes envelope,
                         std::vector<ProviderHint> providers, const std::optional<Floor>& floor) {
  return {.envelope = std::move(envelope),
          .manifest = std::move(manifest),
          .pointer_key = authority.pointer,
          .checksums_key = authority.release.empty() ? authority.pointer : authority.release.front(),
          .root_files = authority.root_files,
          .providers = std::move(providers),
          .floor = floor};
}

Result<StoredRelease> publish(Store& store, const Clock& clock, const PublishOptions& options) {
  // From the look at the last version to the new pointer nobody else may publish.
  const auto held = store.lock(true);
  if (!held) return held.error();
  auto plan = plan_release(store, clock, options);
  if (!plan) return plan.error();
  if (auto good = enough_signed(plan->authority, public_keys(plan->authority.release)); !good)
    return good.error();
  if (auto good = pointer_at_hand(plan->authority); !good) return good.error();

  const auto staging = open_staging(store, kStagingName);
  if (!staging) return staging.error();
  if (auto done = stage_artifacts(store.files(), options, *staging, plan->manifest); !done)
    return done.error();
  auto envelope = sign_manifest(plan->manifest, plan->authority.release);
  if (!envelope) return envelope.error();
  auto made = seal(store, clock, *staging,
                   seal_request(plan->authority, std::move(plan->manifest), std::move(*envelope),
                                options.providers, plan->floor));
  // The release is published; what could not be removed now is removed by the next one.
  if (made) (void)store.prune_locked();
  return made;
}

Result<Draft> draft(Store& store, const Clock& clock, const PublishOptions& options) {
  const auto held = store.lock(true);
  if (!held) return held.error();
  auto plan = plan_release(store, clock, options);
  if (!plan) return plan.error();
  const auto staging =
      open_staging(store, draft_name(plan->manifest.channel, plan->manifest.arch));
  if (!staging) return staging.error();
  if (auto done = stage_artifacts(store.files(), options, *staging, plan->manifest); !done)
    return done.error();
  auto envelope = sign_manifest(plan->manifest, plan->authority.release);
  if (!envelope) return envelope.error();
  return Draft{.envelope = std::move(*envelope),
               .manifest = std::move(plan->manifest),
               .role = plan->authority.release_role,
               .signers = public_keys(plan->authority.release)};
}

Result<StoredRelease> publish_signed(Store& store, const Clock& clock,
                                     const SignedDraftOptions& options) {
  auto view = decode_envelope(options.envelope);
  if (!view) return view.error();
  if (view->payload_type != kManifestType)
    return {ErrorCode::kMalformed, "is no draft of a release"};
  auto manifest = decode_manifest(view->payload);
  if (!manifest) return manifest.error();
  const auto held = store.lock(true);
  if (!held) return held.error();
  if (auto looked = store.reload(); !looked) return looked.error();
  const auto authority = find_authority(store, {.keys = options.keys,
                                                .channel = manifest->channel,
                                                .arch = manifest->arch,
                                                .trust = options.trust,
                                                .now = clock.wall()});
  if (!authority) return authority.error();
  auto envelope = gathered(options, *authority);
  if (!envelope) return envelope.error();
  if (auto good = pointer_at_hand(*authority); !good) return good.error();
  if (manifest->expires.seconds != 0 && clock.wall() >= manifest->expires)
    return {ErrorCode::kExpired, "the draft expired on " + utc_text(manifest->expires) +
                                     " before it was published; make a new one"};
  const auto floor = store.floor(authority->publisher, manifest->channel, manifest->arch);
  if (!floor) return floor.error();
  const auto lowest = authority->root.floor(manifest->channel, manifest->arch);
  if (auto version = next_version(*floor, manifest->release_version, lowest); !version)
    return version.error().in("the draft");
  const auto staging = store.incoming() + "/" + draft_name(manifest->channel, manifest->arch);
  if (!store.files().info(staging))
    return {ErrorCode::kNotFound, "the store holds no files of a draft for channel " +
                                      manifest->channel + " on " + manifest->arch +
                                      "; `plasmd publish --draft` puts them there"};
  if (auto good = check_staged(store.files(), staging, *manifest); !good) return good.error();
  auto made = seal(store, clock, staging,
                   seal_request(*authority, std::move(*manifest), std::move(*envelope),
                                options.providers, *floor));
  if (made) (void)store.prune_locked();
  return made;
}

}  // namespace phase::node
