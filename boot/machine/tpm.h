// boot/machine/tpm.h
// 64 bits in a TPM 2.0 that can be set and never cleared: an NV index of type "bits". Adapter over
// libtss2-sys; what the bits mean is boot/init/tpm_floor.h's business.
//
// Every call is one conversation on a descriptor of /dev/tpmrm0 (or a stream socket that speaks the
// same, as swtpm's) and waits as long as the TPM takes: it is made in a child that its owner kills
// when that is too long. What the TPM says is untrusted as to form. Threads: one.
#pragma once

#include <cstdint>
#include <optional>

#include "proto/result.h"

namespace phase::boot {

inline constexpr const char* kTpmDevice = "/dev/tpmrm0";  ///< There for a TPM 2.0 only.
/// In the range that the TCG's registry leaves to the owner (0x01800000 to 0x01bfffff).
inline constexpr std::uint32_t kTpmIndex = 0x01805048;

/// None where the index is not defined. kTpm: the TPM refuses, or the index is somebody else's.
[[nodiscard]] Result<std::optional<std::uint64_t>> read_tpm_bits(int fd);

/// Sets `bits` beside those that are set. Defines the index where it is not there, which takes the
/// owner's authorisation to be empty, as it is on a machine that nobody gave another. kTpm.
[[nodiscard]] Result<void> set_tpm_bits(int fd, std::uint64_t bits);

}  // namespace phase::boot
