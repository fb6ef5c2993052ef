#include "node/signed_copies.h"

#include <algorithm>

#include "proto/envelope.h"
#include "proto/hash.h"

namespace phase::node {
namespace {

/// Null: no role has a key of this id.
const PublicKey* key_of(const std::string& id, const std::vector<RoleKeys>& roles) {
  for (const RoleKeys& role : roles)
    for (const PublicKey& key : role.keys)
      if (key.id() == id) return &key;
  return nullptr;
}

/// Puts `more` behind `all`; the keys that were not there yet.
Result<std::vector<PublicKey>> take_over(std::vector<SignatureEntry>& all,
                                         const std::vector<SignatureEntry>& more,
                                         ByteView message, const std::vector<RoleKeys>& roles) {
  std::vector<PublicKey> added;
  for (const SignatureEntry& entry : more) {
    const PublicKey* key = key_of(entry.key_id, roles);
    if (key == nullptr)
      return {ErrorCode::kWrongKey, "key " + entry.key_id + " has no say in this document"};
    if (!key->verify(message, entry.signature))
      return {ErrorCode::kBadSignature,
              "the signature of key " + entry.key_id + " does not match the document"};
    const bool there = std::any_of(all.begin(), all.end(), [&](const SignatureEntry& one) {
      return one.key_id == entry.key_id;
    });
    if (there) continue;
    all.push_back(entry);
    added.push_back(*key);
  }
  return added;
}

}  // namespace

Result<PutTogether> put_together(ByteView document, const std::vector<SignedCopy>& copies,
                                 const std::vector<RoleKeys>& roles) {
  auto view = decode_envelope(document);
  if (!view) return view.error();
  const Bytes message = pre_authentication_encoding(view->payload_type, view->payload);
  std::vector<SignatureEntry> all;
  if (auto own = take_over(all, view->signatures, message, roles); !own) return own.error();
  PutTogether out;
  for (const SignedCopy& copy : copies) {
    const std::string where = "together with " + copy.path;
    const auto other = decode_envelope(copy.bytes);
    if (!other) return other.error().in(where);
    if (other->payload_type != view->payload_type || other->payload != view->payload)
      return {ErrorCode::kUsage,
              where + ": is another document, SHA-256 of what is signed " +
                  to_hex(sha256(other->payload)) + ", not " + to_hex(sha256(view->payload)) +
                  "; each holder signs a copy of one and the same draft"};
    if (other->signatures.empty()) return {ErrorCode::kUnsigned, where + ": nobody signed it"};
    const auto taken = take_over(all, other->signatures, message, roles);
    if (!taken) return taken.error().in(where);
    out.added.insert(out.added.end(), taken->begin(), taken->end());
  }
  view->signatures = std::move(all);
  auto bytes = encode_envelope(*view);
  if (!bytes) return bytes.error();
  out.bytes = std::move(*bytes);
  return out;
}

}  // namespace phase::node
