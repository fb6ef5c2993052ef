// boot/init/attempt_plan.h
// What one attempt asks for, made of the command line, the trust that was chosen and what PID 1
// knows: the verifier's order and the network child's arguments. The one place where an option
// of the command line reaches either. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "boot/init/verifier.h"
#include "boot/machine/options.h"
#include "proto/ports.h"
#include "proto/trust.h"

namespace phase::boot {

struct AttemptPlan {
  const BootOptions& options;
  const TrustPolicy& policy;
  std::string arch;
  std::uint64_t floor = 0;  ///< The highest release version known besides the two above.
  std::uint64_t tpm_counter = 0;  ///< What this machine's TPM keeps (tpm_floor.h).
  WallTime now;             ///< Of the whole attempt.
  std::uint64_t room = 0;   ///< Bytes that the fetch folder can hold; 0: not known yet.
  bool offline = false;     ///< There is no network: only the cache is asked.

  /// phase.min_version raises it and never lowers it.
  [[nodiscard]] std::uint64_t min_version() const;
  [[nodiscard]] const std::vector<std::string>& bootstrap() const;

  [[nodiscard]] VerifierOrder verifier_order() const;
  /// `cache` is its folder; empty: none.
  [[nodiscard]] std::vector<std::string> fetch_arguments(const std::string& cache) const;
};

}  // namespace phase::boot
