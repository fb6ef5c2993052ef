// A release to measure with: a header that passes for a kernel, and an initramfs of random bytes.
#pragma once

#include <string>

#include "sim/release_kit.h"
#include "sim/shell.h"

namespace phase::bench {

/// Key, kernel and initramfs in `folder`; the initramfs holds `payload` bytes, the same in each run.
[[nodiscard]] sim::ReleaseKit make_small_release(sim::Shell& shell, const std::string& folder,
                                                 std::size_t payload);

}  // namespace phase::bench
