#include "boot/init/tpm_floor.h"

#include <algorithm>
#include <bit>

namespace phase::boot {

std::uint64_t counter_of_bits(std::uint64_t bits) {
  return static_cast<std::uint64_t>(std::bit_width(bits));
}

std::uint64_t bits_of_counter(std::uint64_t counter) {
  if (counter >= kMostKeptCounter) return ~std::uint64_t{0};
  return (std::uint64_t{1} << counter) - 1;
}

Result<TpmFloor> tpm_floor(const Result<TpmWord>& word, const Root& trusted) {
  if (!word) {
    if (trusted.counter != 0) return word.error().in("TPM");
    return TpmFloor{.counter = 0,
                    .note = "TPM: " + word.error().detail +
                            "; this boot goes on without what it keeps",
                    .is_warning = true};
  }
  if (!word->present) return TpmFloor{.counter = 0,
                    .note = "no TPM 2.0"};
  return TpmFloor{.counter = word->counter,
                  .note = "TPM: keeps counter " + std::to_string(word->counter) +
                          " of the trust root"};
}

Result<void> admit_counter(const Root& root, std::uint64_t kept) {
  // What lies beyond the last bit cannot be told apart.
  if (std::min(root.counter, kMostKeptCounter) >= kept) return {};
  return {ErrorCode::kTpm, "trust root version " + std::to_string(root.version) + " has counter " +
                               std::to_string(root.counter) +
                               ", and the TPM of this machine has seen counter " +
                               std::to_string(kept) + ": this root was replaced by a newer one"};
}

std::optional<std::uint64_t> counter_to_keep(const TpmWord& word,
                                             std::uint64_t accepted_root_counter) {
  const std::uint64_t kept = std::min(accepted_root_counter, kMostKeptCounter);
  if (!word.present || kept <= word.counter) return std::nullopt;
  return kept;
}

}  // namespace phase::boot
