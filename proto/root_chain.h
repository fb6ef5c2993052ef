// proto/root_chain.h
// Root documents as they travel: one after the other in one message. Everything here is anybody's
// until follow_roots() has held it against a root that is trusted.
#pragma once

#include <optional>
#include <vector>

#include "proto/bytes.h"
#include "proto/root.h"
#include "proto/trust_engine.h"

namespace phase {

inline constexpr std::size_t kMaxRootChainBytes = kMaxRootSteps * kMaxRootBytes;

/// Each of `documents` is a whole envelope.
[[nodiscard]] Bytes encode_root_chain(const std::vector<Bytes>& documents);
/// kMalformed: over a limit (of the whole, of one document, of their number) or no such message.
/// The documents in it are not looked at.
[[nodiscard]] Result<std::vector<Bytes>> decode_root_chain(ByteView untrusted);

/// One envelope of kRootType, decoded and not verified. kMalformed.
[[nodiscard]] Result<Signed<Root>> decode_signed_root(ByteView untrusted);

/// Documents that claim the same version and are tried, in one call. Each can cost kMaxSignatures
/// signature checks, and anybody can make up as many as fit.
inline constexpr int kMaxRivals = 8;

struct FollowedRoots {
  Root root;                     ///< The newest that the chain rule accepts; `from` where none is.
  std::vector<Bytes> accepted;   ///< The documents after `from`, in order; each was checked.
  std::optional<Error> refused;  ///< Why the first one that was no step was none.
};
/// Goes from `from` as far as `untrusted` leads, in whatever order the documents come; what is no
/// step is passed over, each is tried at most once. Never goes back.
[[nodiscard]] FollowedRoots follow_roots(const Root& from, const std::vector<Bytes>& untrusted);

}  // namespace phase
