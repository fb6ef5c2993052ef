#include "proto/signers.h"

#include <algorithm>

namespace phase {
namespace {

bool is_among(const PublicKey& key, const std::vector<PublicKey>& keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace

Result<std::vector<PublicKey>> check_signers(ByteView message,
                                             const std::vector<SignatureEntry>& signatures,
                                             const RoleKeys& role) {
  if (signatures.empty()) return {ErrorCode::kUnsigned, "no signature"};
  std::vector<PublicKey> signers;
  std::string names;
  std::string mismatched;
  for (const SignatureEntry& entry : signatures) {
    names += (names.empty() ? "" : ", ") + entry.key_id;
    for (const PublicKey& key : role.keys) {
      if (key.id() != entry.key_id || is_among(key, signers)) continue;
      if (key.verify(message, entry.signature)) signers.push_back(key);
      else mismatched = entry.key_id;
    }
  }
  const bool enough = static_cast<std::int64_t>(signers.size()) >= role.threshold;
  if (enough && role.threshold >= 1) return signers;
  if (!mismatched.empty()) {
    return {ErrorCode::kBadSignature,
            "the signature of key " + mismatched + " does not match the bytes"};
  }
  return {ErrorCode::kWrongKey, "signed by " + names + "; " + std::to_string(signers.size()) +
                                    " of " + std::to_string(role.threshold) +
                                    " needed trusted keys"};
}

}  // namespace phase
