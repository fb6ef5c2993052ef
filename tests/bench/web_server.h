// tests/bench/web_server.h
// nginx with sendfile over a folder, on a host of the world: the peer that fetches are held against.
#pragma once

#include <memory>
#include <string>

#include "sim/process.h"
#include "sim/shell.h"
#include "sim/world.h"

namespace phase::bench {

/// Serves `root` at http://<address>:8088/ of `host`; answers when this returns. Its own files lie
/// in `root` too.
[[nodiscard]] std::unique_ptr<sim::Process> start_nginx(sim::World& world, const std::string& host,
                                                        const std::string& address,
                                                        const std::string& root);

}  // namespace phase::bench
