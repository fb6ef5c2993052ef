// boot/init/tpm_child.h
// PID 1's dealings with the TPM: it opens the device, and a child without rights talks to it. Of
// what the TPM says, a number comes back and nothing else. Threads: one.
#pragma once

#include <string>

#include "boot/init/tpm_floor.h"
#include "proto/fd.h"
#include "proto/ports.h"
#include "proto/result.h"

namespace phase::boot {

/// For both: `tpm` is a descriptor of kTpmDevice, or none (invalid) on a machine without a TPM.
/// kTpm: the TPM refuses, or did not answer by `deadline`.
[[nodiscard]] Result<TpmWord> ask_tpm(const Fd& tpm, MonoTime deadline, const Clock& clock);
[[nodiscard]] Result<void> keep_counter(const Fd& tpm, std::uint64_t counter, MonoTime deadline,
                                        const Clock& clock);

/// Invalid where there is no TPM 2.0. kTpm where there is one that cannot be opened.
[[nodiscard]] Result<Fd> open_tpm(const std::string& device);

}  // namespace phase::boot
