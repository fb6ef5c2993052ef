// proto/envelope.h
// DSSE v1 envelopes: signed documents. What is signed is the PAE of type and payload, so a
// signature for one kind of document is none for another (domain separation), and other DSSE
// tools can check it. Verify the received bytes, then parse only those bytes.
#pragma once

#include <string>
#include <vector>

#include "proto/bytes.h"
#include "proto/keys.h"
#include "proto/result.h"
#include "proto/signers.h"

namespace phase {

inline constexpr std::size_t kMaxEnvelopeBytes = std::size_t{128} * 1024;
inline constexpr std::size_t kMaxSignatures = 32;
inline constexpr const char* kManifestType = "application/vnd.phase-boot.manifest.v1+protobuf";

/// DSSE's pre-authentication encoding: "DSSEv1 <len> <type> <len> <payload>".
[[nodiscard]] Bytes pre_authentication_encoding(std::string_view payload_type, ByteView payload);

/// Signs with every key given; key ids are PublicKey::id().
[[nodiscard]] Bytes sign_envelope(std::string_view payload_type, ByteView payload,
                                  const std::vector<const SecretKey*>& keys);

/// The same document with the signature of every key given beside those that it has; a key that
/// signed already signs again in its place. kMalformed, kUsage (over a limit then). Who
/// calls this knows what the document says: the key signs it.
[[nodiscard]] Result<Bytes> add_signatures(ByteView untrusted,
                                           const std::vector<const SecretKey*>& keys);

/// An envelope that was decoded and not verified. For what shows documents or puts signatures
/// together, and nothing that believes them.
struct EnvelopeView {
  std::string payload_type;
  Bytes payload;
  std::vector<SignatureEntry> signatures;
};
/// kMalformed for anything that is no envelope, over a limit, or has unknown fields.
[[nodiscard]] Result<EnvelopeView> decode_envelope(ByteView untrusted);
/// The other way; the signatures are those that it is given. kUsage over a limit.
[[nodiscard]] Result<Bytes> encode_envelope(const EnvelopeView& envelope);

/// The payload, once the threshold of `role` signed exactly it as
/// `payload_type`. Errors: kMalformed and those of check_signers().
[[nodiscard]] Result<Bytes> verify_envelope(ByteView untrusted, std::string_view payload_type,
                                            const RoleKeys& role);

}  // namespace phase
