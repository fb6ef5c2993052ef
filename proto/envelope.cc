#include "proto/envelope.h"

#include <algorithm>
#include <utility>

#include "phase.pb.h"

namespace phase {
namespace {

constexpr std::size_t kMaxTypeBytes = 128;
constexpr std::size_t kMaxKeyIdBytes = 64;

Error malformed(const std::string& detail) {
  return {ErrorCode::kMalformed, "envelope: " + detail};
}

bool printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

/// The one encoding that a document has: built from its fields alone, so without unknown ones.
std::string canonical(const wire::Envelope& envelope) {
  wire::Envelope fresh;
  fresh.set_payload(envelope.payload());
  fresh.set_payloadtype(envelope.payloadtype());
  for (const wire::Signature& entry : envelope.signatures()) {
    wire::Signature* copy = fresh.add_signatures();
    copy->set_sig(entry.sig());
    copy->set_keyid(entry.keyid());
  }
  return fresh.SerializeAsString();
}

/// What the decoded form may hold; the caller has checked the size of the whole.
Result<void> check_fields(const wire::Envelope& envelope) {
  if (envelope.payload().empty()) return malformed("no payload");
  const std::string& type = envelope.payloadtype();
  if (type.empty() || type.size() > kMaxTypeBytes || !printable(type)) {
    return malformed("the payload's type is no type");
  }
  if (static_cast<std::size_t>(envelope.signatures_size()) > kMaxSignatures) {
    return malformed("more than " + std::to_string(kMaxSignatures) + " signatures");
  }
  for (const wire::Signature& entry : envelope.signatures()) {
    if (entry.sig().size() != Signature{}.size()) return malformed("a signature is not 64 bytes");
    if (entry.keyid().size() > kMaxKeyIdBytes || !printable(entry.keyid())) {
      return malformed("a key id is no key id");
    }
  }
  return {};
}

}  // namespace

Bytes pre_authentication_encoding(std::string_view payload_type, ByteView payload) {
  std::string head = "DSSEv1 " + std::to_string(payload_type.size()) + " ";
  head.append(payload_type).append(" ").append(std::to_string(payload.size())).append(" ");
  Bytes out(head.begin(), head.end());
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

Bytes sign_envelope(std::string_view payload_type, ByteView payload,
                    const std::vector<const SecretKey*>& keys) {
  const Bytes message = pre_authentication_encoding(payload_type, payload);
  wire::Envelope envelope;
  envelope.set_payload(payload.data(), payload.size());
  envelope.set_payloadtype(std::string(payload_type));
  for (const SecretKey* key : keys) {
    const Signature signature = key->sign(message);
    wire::Signature* entry = envelope.add_signatures();
    entry->set_sig(signature.data(), signature.size());
    entry->set_keyid(key->public_key().id());
  }
  check(check_fields(envelope).ok(), "an envelope of ours breaks a rule of the format");
  const std::string out = canonical(envelope);
  check(out.size() <= kMaxEnvelopeBytes, "an envelope of ours is over the limit");
  return {out.begin(), out.end()};
}

Result<Bytes> encode_envelope(const EnvelopeView& envelope) {
  if (envelope.signatures.size() > kMaxSignatures) {
    return {ErrorCode::kUsage, "envelope: more than " + std::to_string(kMaxSignatures) + " signatures"};
  }
  wire::Envelope fields;
  fields.set_payload(envelope.payload.data(), envelope.payload.size());
  fields.set_payloadtype(envelope.payload_type);
  for (const SignatureEntry& one : envelope.signatures) {
    wire::Signature* entry = fields.add_signatures();
    entry->set_sig(one.signature.data(), one.signature.size());
    entry->set_keyid(one.key_id);
  }
  const std::string out = canonical(fields);
  if (out.size() > kMaxEnvelopeBytes) {
    return {ErrorCode::kUsage, "envelope: over " + std::to_string(kMaxEnvelopeBytes) + " bytes"};
  }
  return Bytes(out.begin(), out.end());
}

Result<Bytes> add_signatures(ByteView untrusted, const std::vector<const SecretKey*>& keys) {
  Result<EnvelopeView> view = decode_envelope(untrusted);
  if (!view) return view.error();
  const Bytes message = pre_authentication_encoding(view->payload_type, view->payload);
  std::vector<SignatureEntry>& entries = view->signatures;
  for (const SecretKey* key : keys) {
    const SignatureEntry mine{key->public_key().id(), key->sign(message)};
    const auto at = std::find_if(entries.begin(), entries.end(), [&](const SignatureEntry& one) {
      return one.key_id == mine.key_id;
    });
    if (at == entries.end()) entries.push_back(mine);
    else *at = mine;
  }
  return encode_envelope(*view);
}

Result<EnvelopeView> decode_envelope(ByteView untrusted) {
  if (untrusted.size() > kMaxEnvelopeBytes) {
    return malformed("over " + std::to_string(kMaxEnvelopeBytes) + " bytes");
  }
  wire::Envelope envelope;
  if (!envelope.ParseFromArray(untrusted.data(), static_cast<int>(untrusted.size()))) {
    return malformed("cannot be decoded; it is cut off, altered or no envelope at all");
  }
  if (auto fields = check_fields(envelope); !fields) return fields.error();
  // One document has one encoding, so nothing that is not signed can vary in it unseen.
  if (canonical(envelope) != as_text(untrusted)) {
    return malformed("unknown fields, or not in canonical encoding");
  }
  EnvelopeView view;
  view.payload_type = envelope.payloadtype();
  view.payload.assign(envelope.payload().begin(), envelope.payload().end());
  for (const wire::Signature& entry : envelope.signatures()) {
    view.signatures.push_back({entry.keyid(), *exactly<64>(as_bytes(entry.sig()))});
  }
  return view;
}

Result<Bytes> verify_envelope(ByteView untrusted, std::string_view payload_type,
                              const RoleKeys& role) {
  Result<EnvelopeView> view = decode_envelope(untrusted);
  if (!view) return view.error();
  if (view->payload_type != payload_type) {
    return malformed("holds " + view->payload_type + ", expected " + std::string(payload_type));
  }
  const Bytes message = pre_authentication_encoding(payload_type, view->payload);
  if (auto signers = check_signers(message, view->signatures, role); !signers) {
    return signers.error().in("envelope");
  }
  return std::move(view->payload);
}

}  // namespace phase
