// initramfs/report.h
// What a build made, for people and as JSON. Pure.
#pragma once

#include <string>

#include "initramfs/build.h"

namespace phase::initramfs {

/// A table of what takes how much room, and what was left out.
[[nodiscard]] std::string report_text(const Built& built, const BuildOptions& options);
/// One JSON object, ended by a newline.
[[nodiscard]] std::string report_json(const Built& built, const BuildOptions& options);

}  // namespace phase::initramfs
