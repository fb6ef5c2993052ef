// proto/checksums.h
// SHA256SUMS and its minisign signature: what people with standard tools check a release by
// (`sha256sum -c`, `minisign -V`). A minisig proves one key, not the threshold; our own
// programs never read it.
#pragma once

#include <string>
#include <vector>

#include "proto/keys.h"
#include "proto/manifest.h"

namespace phase {

/// Lines "<hex>  <name>\n" for manifest.dsse and every artifact, sorted by name.
[[nodiscard]] std::string checksums(const Manifest& manifest, const Sha256& manifest_sha256);

/// A minisign signature file ("ED", prehashed with BLAKE2b-512) over `text`; `trusted_comment`
/// is one line and is signed too.
[[nodiscard]] std::string minisign_signature(std::string_view text, const SecretKey& key,
                                             std::string_view trusted_comment);

}  // namespace phase
