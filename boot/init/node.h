// boot/init/node.h
// The node role: says which published system is up, then keeps `plasmd serve` running, following
// the key that this system was booted with.
#pragma once

#include <optional>

#include "boot/init/context.h"
#include "boot/init/reaper.h"
#include "proto/ports.h"

namespace phase::boot {

/// True where there is something to follow: a hand-over in /phase, or phase.key.
[[nodiscard]] bool can_be_node(const Context& context);

/// Never returns while it works; an error names what kept plasmd from being started at all.
[[nodiscard]] Error run_node(Context& context, Reaper& reaper, Random& random);

}  // namespace phase::boot
