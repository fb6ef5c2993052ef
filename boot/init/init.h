// boot/init/init.h
// PID 1 from its start on; it never returns.
#pragma once

namespace phase::boot {

[[noreturn]] void run_init();

}  // namespace phase::boot
