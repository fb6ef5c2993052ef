// boot/init/tpm_floor.h
// How a machine with a TPM remembers the counter of its trust root: what is kept, what a root must
// have, and when more is kept. Pure; boot/machine/tpm.h talks to the TPM. docs/TPM.md says why.
//
// The counter is kept in 64 bits that the TPM lets anybody set and nobody clear (an NV index of
// type "bits"): a counter of n is the lowest n bits. So one write takes it from any value to any
// higher one, it begins at 0, and nothing that can be said to the TPM lowers it, short of removing
// the index by the owner's authorisation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "proto/result.h"
#include "proto/root.h"

namespace phase::boot {

inline constexpr std::uint64_t kMostKeptCounter = 64;

/// What the bits say: the number of the highest one that is set, from 1. Bits that are missing
/// below it change nothing: no order of writes leads there, and reading more of it is the safe way.
[[nodiscard]] std::uint64_t counter_of_bits(std::uint64_t bits);
/// At most kMostKeptCounter of it can be kept.
[[nodiscard]] std::uint64_t bits_of_counter(std::uint64_t counter);

/// What asking the TPM led to.
struct TpmWord {
  bool present = false;        ///< The machine has a TPM 2.0.
  std::uint64_t counter = 0;   ///< What it keeps; 0 where it keeps nothing yet.
};

/// What this attempt goes by: the counter below which no root counts; and a line for people, empty
/// where there is nothing to say. A TPM that does not answer: kTpm where `trusted` (the root that
/// this machine begins with) has a counter, since its owner counts on it; else 0 and a warning.
struct TpmFloor {
  std::uint64_t counter = 0;
  std::string note;
  bool is_warning = false;
};
[[nodiscard]] Result<TpmFloor> tpm_floor(const Result<TpmWord>& word, const Root& trusted);

/// kTpm where `root` is older than what is kept.
[[nodiscard]] Result<void> admit_counter(const Root& root, std::uint64_t kept);

/// What to keep now that a release was accepted under a root of this counter; none: nothing new.
[[nodiscard]] std::optional<std::uint64_t> counter_to_keep(const TpmWord& word,
                                                           std::uint64_t accepted_root_counter);

}  // namespace phase::boot
