// node/trust_files.h
// Root documents and manifests as files that travel between the holders of keys. A document
// without a signature is a draft; each holder adds one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "node/stored_chain.h"
#include "proto/manifest.h"
#include "proto/trust.h"
#include "proto/trust_engine.h"

namespace phase::node {

/// A public key itself, or a .pub file of ours or minisign's. kUsage.
[[nodiscard]] Result<PublicKey> read_key(const std::string& key_or_file);
[[nodiscard]] Result<std::vector<PublicKey>> read_keys(const std::vector<std::string>& keys_or_files);
/// "SCOPE=N:KEY,KEY": a grant with a threshold of its own; "SCOPE=KEY" where one key is enough.
[[nodiscard]] Result<Grant> read_grant(std::string_view text);
/// What trust begins with: a public key, a .pub file, a root document or a trust file. kConfig.
[[nodiscard]] Result<TrustBase> read_base(const std::string& key_or_file);
/// All that the trust file of this name says; none where it is a key, a root document or no file.
[[nodiscard]] std::optional<TrustPolicy> read_trust_file(const std::string& path);

/// One file: a root document or a manifest, whoever signed it.
struct TravellingDocument {
  std::string path;
  Bytes bytes;
  std::optional<Signed<Root>> root;
  std::optional<Signed<Manifest>> manifest;
};
/// kMalformed where it is neither.
[[nodiscard]] Result<TravellingDocument> read_document(const std::string& path);
/// A root document with the signatures that it has; never over another file (kExists).
[[nodiscard]] Result<void> write_new_document(const std::string& path, ByteView bytes);

}  // namespace phase::node
