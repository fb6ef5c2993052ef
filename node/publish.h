// node/publish.h
// Makes a release out of a kernel, an initramfs and more, signs it and puts it into the store.
// Everything is copied into the store first and measured there, so that what is signed is what
// is served. Does not talk to any network: whoever serves the store announces it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "node/signed_copies.h"
#include "node/store.h"
#include "proto/keys.h"
#include "proto/ports.h"

namespace phase::node {

struct PublishOptions {
  /// Without a chain of roots in the store all sign the manifest, and the first one is the publisher:
  /// it signs pointer and SHA256SUMS too. With one, each signs what its role is for.
  std::vector<const SecretKey*> keys;
  std::optional<TrustBase> trust;       ///< Which chain, where the keys do not say it.
  std::string channel;
  std::string arch;
  std::string kernel;                   ///< Paths of the operator's files.
  std::string initramfs;
  std::string rootfs;                   ///< Empty: none.
  std::vector<std::string> device_trees;
  std::string cmdline;
  std::optional<std::uint64_t> release_version;  ///< Else the previous one + 1, or 1.
  std::int64_t lifetime = 365 * 86400;  ///< Seconds; 0: never expires.
  std::uint64_t min_memory = 0;         ///< Bytes.
  std::vector<ProviderHint> providers;  ///< Put into the pointer; may be empty.
};

/// A release whose manifest not enough keys have signed yet; its files wait in the store.
struct Draft {
  Bytes envelope;                       ///< For `plasmd trust sign`.
  Manifest manifest;
  RoleKeys role;                        ///< Who must sign it.
  std::vector<PublicKey> signers;       ///< Who did.
};

struct SignedDraftOptions {
  std::vector<const SecretKey*> keys;   ///< A pointer key is among them.
  std::optional<TrustBase> trust = std::nullopt;
  Bytes envelope;                       ///< As it came back from those who signed it.
  std::vector<SignedCopy> copies = {};  ///< Of the same draft, from others who signed it.
  std::vector<ProviderHint> providers = {};
};

struct RenewOptions {
  std::vector<const SecretKey*> keys;
  std::optional<TrustBase> trust = std::nullopt;
  /// Else every channel and architecture of the publisher in the store.
  std::optional<std::string> channel = std::nullopt;
  std::optional<std::string> arch = std::nullopt;  ///< Normalised.
  std::int64_t lifetime = 365 * 86400;
  /// Else the old pointer's.
  std::optional<std::vector<ProviderHint>> providers = std::nullopt;
};

/// The new release, as it is in the store. Errors: kWrongArch (the kernel is of another
/// architecture; says what was found), kMalformed (no kernel, no initramfs), kRollback (release
/// version not above the last one), kNotFound, kUsage, kStore; with a chain of roots
/// kMissingSignature (names whose), kExpired (the root is), kNotGranted. Nothing is copied before
/// these are known.
/// Superseded releases are removed, the previous one is kept.
[[nodiscard]] Result<StoredRelease> publish(Store& store, const Clock& clock,
                                            const PublishOptions& options);

/// Copies and measures like publish(), signs with those of the keys that are release keys, and leaves
/// the rest to their holders. A second draft of a channel and architecture takes the first one's
/// place.
[[nodiscard]] Result<Draft> draft(Store& store, const Clock& clock, const PublishOptions& options);
/// Publishes a draft that enough keys have signed, once its files in the store are what they signed.
/// Errors beside those of publish(): kAltered, kNotFound (no draft of it is in the store); with
/// copies those of put_together().
[[nodiscard]] Result<StoredRelease> publish_signed(Store& store, const Clock& clock,
                                                   const SignedDraftOptions& options);

/// The same artifacts with a later expiry, or under another pointer key with the same. A manifest is part of its torrent, so this is a release
/// of its own: its version is the previous one + 1. Files are shared on disk with the previous one.
/// kNotGranted for a release whose signers have no say any more: what a stolen key signed is not
/// signed again, publish the right files anew.
[[nodiscard]] Result<std::vector<StoredRelease>> renew(Store& store, const Clock& clock,
                                                       const RenewOptions& options);
/// A draft of one renewal, for keys that are elsewhere: publish_signed() publishes it. kUsage where
/// the options name more than one release.
[[nodiscard]] Result<Draft> draft_renewal(Store& store, const Clock& clock,
                                          const RenewOptions& options);

}  // namespace phase::node
