// boot/init/net_loop.h
// phase-net's work: one DHT session, one Acquire, from start to a release in the folder or an
// error. Says what it does in status lines (boot/init/status_line.h). Blocks until it is done.
// Names are resolved in threads of their own meanwhile, which may outlive the call: the process
// ends with _exit() after it.
#pragma once

#include <functional>
#include <string>

#include "boot/init/net_options.h"
#include "boot/init/status_line.h"
#include "proto/ports.h"

namespace phase::boot {

/// The folder's name in options.folder. Beside it lie report.json and release.torrent then.
[[nodiscard]] Result<std::string> fetch_release(const NetOptions& options, const Clock& clock,
                                                const std::function<void(StatusLine)>& say);

}  // namespace phase::boot
