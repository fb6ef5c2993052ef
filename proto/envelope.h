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

namespace phase {

inline constexpr std::size_t kMaxEnvelopeBytes = std::size_t{128} * 1024;
inline constexpr std::size_t kMaxSignatures = 32;
inline constexpr const char* kManifestType = "application/vnd.phase-boot.manifest.v1+protobuf";

/// DSSE's pre-authentication encoding: "DSSEv1 <len> <type> <len> <payload>".
[[nodiscard]] Bytes pre_authentication_encoding(std::string_view payload_type, ByteView payload);

/// Signs with every key given; key ids are PublicKey::id().
[[nodiscard]] Bytes sign_envelope(std::string_view payload_type, ByteView payload,
                                  const std::vector<const SecretKey*>& keys);

/// An envelope that was decoded and not verified. For `inspect`, and nothing else.
struct EnvelopeView {
  std::string payload_type;
  Bytes payload;
  struct Entry {
    std::string key_id;
    Bytes signature;
  };
  std::vector<Entry> signatures;
};
/// kMalformed for anything that is no envelope, over a limit, or has unknown fields.
[[nodiscard]] Result<EnvelopeView> decode_envelope(ByteView untrusted);

struct VerifiedEnvelope {
  Bytes payload;
  std::vector<PublicKey> signers;  ///< Trusted ones, each once, in the order of the envelope.
};
/// What verify_envelope() does, with who signed.
[[nodiscard]] Result<VerifiedEnvelope> open_envelope(ByteView untrusted,
                                                     std::string_view payload_type,
                                                     const std::vector<PublicKey>& trusted,
                                                     std::size_t threshold);

/// The payload, once at least `threshold` distinct keys of `trusted` signed exactly it as
/// `payload_type`. Errors: kMalformed, kUnsigned, kWrongKey (no signature names a trusted key),
/// kBadSignature (one does and does not match).
[[nodiscard]] Result<Bytes> verify_envelope(ByteView untrusted, std::string_view payload_type,
                                            const std::vector<PublicKey>& trusted,
                                            std::size_t threshold);

}  // namespace phase
