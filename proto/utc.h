// proto/utc.h
// How a time is shown to people.
#pragma once

#include <string>

#include "proto/ports.h"

namespace phase {

/// "2027-01-01 00:00:00 UTC"; the bare seconds where no calendar has such a day.
[[nodiscard]] std::string utc_text(WallTime time);

}  // namespace phase
