// node/authority.h
// Whose signatures a release needs, by the root that is current in the store, and which of the keys
// at hand make them. Decides; signs nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "node/store.h"
#include "proto/keys.h"
#include "proto/ports.h"

namespace phase::node {

struct AuthorityRequest {
  std::vector<const SecretKey*> keys;   ///< Those at hand.
  std::string channel, arch;            ///< Checked, normalised.
  std::optional<TrustBase> trust;       ///< Of which chain; else the one that knows the keys.
  WallTime now;
};

struct Authority {
  Root root;                               ///< That is current.
  RoleKeys release_role;                   ///< Of channel and architecture.
  std::vector<const SecretKey*> release;   ///< Of the keys at hand, those that sign the manifest.
  const SecretKey* pointer = nullptr;      ///< Signs the pointer; null: no such key is at hand.
  PublicKey publisher;                     ///< A pointer key: whose releases these are.
  std::vector<std::pair<std::string, Bytes>> root_files;  ///< What goes with the release.
};

/// Without a chain in the store that knows the keys, each of them signs and the first is the
/// publisher: a single key. kUsage (no key and no chain, or more than one chain could be meant),
/// kExpired (the root is), kNotGranted.
[[nodiscard]] Result<Authority> find_authority(const Store& store, const AuthorityRequest& request);

/// kMissingSignature, naming whose, where `signers` are too few.
[[nodiscard]] Result<void> enough_signed(const Authority& authority,
                                         const std::vector<PublicKey>& signers);
/// kMissingSignature where no pointer key is at hand.
[[nodiscard]] Result<void> pointer_at_hand(const Authority& authority);
[[nodiscard]] std::vector<PublicKey> public_keys(const std::vector<const SecretKey*>& keys);

}  // namespace phase::node
