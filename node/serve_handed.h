// node/serve_handed.h
// `plasmd serve --handed-over DIR`: what a boot handed over becomes options of a node and a release
// in its store, which refers to the bytes where they lie.
#pragma once

#include <optional>
#include <string>

#include "node/handed_over.h"
#include "node/log.h"
#include "node/network_options.h"
#include "node/serve.h"

namespace phase::node {

/// The papers in `folder`. The node keeps to its link where the boot did, and begins where the boot
/// began if `network` names nothing else. None where nothing was handed over and `may_be_none`.
/// kConfig after a boot in mode `private`, else as read_handed_papers().
[[nodiscard]] Result<std::optional<HandedPapers>> take_papers(const std::string& folder,
                                                              bool may_be_none,
                                                              NetworkArguments& network,
                                                              const Log& log);

/// Follows whom the papers name, too.
void go_by_papers(const HandedPapers& papers, ServeOptions& options);

/// Verifies the release and lets `store` refer to it. One that was left out, or that the store has a
/// newer one of, is only logged; so is a damaged one where the node `has_others` to follow. Otherwise
/// the error of what is damaged.
[[nodiscard]] Result<void> serve_handed(const HandedPapers& papers, bool has_others, Store& store,
                                        WallTime now, const Log& log, const Announce& announce);

}  // namespace phase::node
