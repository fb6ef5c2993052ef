// proto/confine/filters.h
// The compiled profiles, one table for each architecture; made when the project is built. A
// program holds that of its own architecture, the tests hold both.
#pragma once

#include <linux/filter.h>

#include <span>

#include "proto/confine/profile.h"

namespace phase::confine {

/// Empty for kNone.
[[nodiscard]] std::span<const sock_filter> filter_x86_64(Profile profile);
[[nodiscard]] std::span<const sock_filter> filter_aarch64(Profile profile);

}  // namespace phase::confine
