// node/serve_unsigned.h
// `plasmd serve --unsigned`: a plain tree over plain HTTP and nothing else, for clients that check
// by other means. Nothing is signed, announced or seeded, so no machine of ours boots it.
#pragma once

#include <functional>
#include <string>

#include "node/catalogue.h"
#include "node/http_provider.h"
#include "node/log.h"
#include "node/serve_events.h"

namespace phase::node {

/// The files of <folder>/<channel>/<arch>/ under the paths that releases have (docs/HTTP.md), as
/// they are now. `left_out` gets a line for each that cannot be read.
[[nodiscard]] Catalogue plain_catalogue(const Files& files, const std::string& folder,
                                        std::vector<std::string>& left_out);

/// Until `events` say that it ends; SIGHUP and a change in the tree make the catalogue anew.
[[nodiscard]] Result<void> serve_unsigned(const std::string& folder,
                                          const HttpProviderOptions& options, ServeEvents& events,
                                          const Log& log,
                                          const std::function<void(const std::string&)>& announce);

}  // namespace phase::node
