// proto/names.h
// Names that every party must derive alike: architectures, channels, torrents.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/hash.h"
#include "proto/result.h"

namespace phase {

/// `x86_64` or `aarch64`; `amd64` and `arm64` are accepted and normalised. Anything else: kUsage.
[[nodiscard]] Result<std::string> normalise_arch(std::string_view text);
/// 1 to 40 bytes of [a-z0-9._-], not starting with a dot.
[[nodiscard]] Result<std::string> check_channel(std::string_view text);
/// Relative path of a file in a release: 1 to 120 bytes of [A-Za-z0-9._/-], no empty, "." or ".."
/// part, no leading slash.
[[nodiscard]] bool valid_artifact_name(std::string_view name);

/// phase-<channel>-<arch>-<version>-<first 8 hex digits of the manifest.dsse's SHA-256>.
[[nodiscard]] std::string release_name(std::string_view channel, std::string_view arch,
                                       std::uint64_t version, const Sha256& manifest_sha256);

}  // namespace phase
