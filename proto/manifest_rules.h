// The rules of a manifest that need no policy. For its decoder and the trust engine; docs/MANIFEST.md lists them.
#pragma once

#include <optional>
#include <string>

#include "proto/manifest.h"

namespace phase {

/// The first rule that `manifest` breaks, as a sentence; empty where it breaks none.
[[nodiscard]] std::optional<std::string> broken_rule(const Manifest& manifest);

}  // namespace phase
