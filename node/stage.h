// node/stage.h
// The first half of publishing: the operator's files are copied into a folder of the store and
// measured there. The caller holds the store's lock.
#pragma once

#include <string>

#include "node/publish.h"

namespace phase::node {

/// What the options say by themselves: all but the release version and the artifacts. kUsage.
[[nodiscard]] Result<Manifest> begin_manifest(const Clock& clock, const PublishOptions& options);
/// Copies every file into `staging`, an empty folder, and puts what was measured into `manifest`.
/// Where that fails the folder is gone.
[[nodiscard]] Result<void> stage_artifacts(Files& files, const PublishOptions& options,
                                           const std::string& staging, Manifest& manifest);
/// Hashes what lies in `staging` again and holds it against `manifest`: kAltered, kNotFound.
[[nodiscard]] Result<void> check_staged(const Files& files, const std::string& staging,
                                        const Manifest& manifest);

}  // namespace phase::node
