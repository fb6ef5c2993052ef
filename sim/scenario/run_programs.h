// sim/scenario/run_programs.h
// Which program a host of a run is: its command line, as a person would type it there.
#pragma once

#include <string>
#include <vector>

#include "proto/result.h"
#include "sim/scenario/run_context.h"

namespace phase::sim {

/// STORE of a host that has one.
[[nodiscard]] std::string store_of(const RunContext& context, const SiteHost& host);

[[nodiscard]] std::vector<std::string> dht_node_command(const RunContext& context, const SiteHost& host);
/// Serves what its store holds, and follows the publisher's key.
[[nodiscard]] std::vector<std::string> node_command(const RunContext& context, const SiteHost& host);
[[nodiscard]] std::vector<std::string> mirror_command(const RunContext& context, const SiteHost& host);
/// A booting machine. It fetches to where the node that it becomes looks first, as a machine's
/// release is there already when its next system starts.
[[nodiscard]] std::vector<std::string> fetch_command(const RunContext& context, const SiteHost& host);
/// kUsage for an attack that is not known, or that needs an older release where there is none.
[[nodiscard]] Result<std::vector<std::string>> hostile_command(const RunContext& context,
                                                               const SiteHost& host);
/// The kernel command line of a QEMU machine.
[[nodiscard]] std::string kernel_command_line(const RunContext& context);

}  // namespace phase::sim
