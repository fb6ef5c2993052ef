// boot/init/net_report.h
// What the acquire pipeline saw, as a boot report. Pure.
#pragma once

#include "boot/acquire.h"
#include "boot/init/report.h"

namespace phase::boot {

[[nodiscard]] BootReport report_of(const AcquireReport& report);

}  // namespace phase::boot
