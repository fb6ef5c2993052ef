// boot/init/trust_choice.h
// Which keys this boot trusts: the trust file of the initramfs and phase.key, weighed. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "boot/machine/options.h"
#include "proto/trust.h"

namespace phase::boot {

struct TrustChoice {
  TrustPolicy policy;
  std::vector<std::string> warnings;  ///< One printable line each.
};

/// A locked trust file beats phase.key. Else phase.key is virtual root 1, and of the trust file
/// only what says nothing about keys stays: time floor, bootstrap nodes, what phase.append may
/// pass. `trust_file` is the file's text, none where the initramfs has none. kConfig where there
/// is nothing to trust, saying what to add.
[[nodiscard]] Result<TrustChoice> choose_trust(const std::optional<std::string>& trust_file,
                                               const std::optional<PublicKey>& key);

/// Whether the command line may not replace what is trusted. A damaged file could have said so.
[[nodiscard]] bool trust_is_locked(const std::optional<std::string>& trust_file);

}  // namespace phase::boot
