// Whatever arrives as an envelope: nothing is ever accepted but the payload that was signed.
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/proto/samples.h"

namespace phase::fuzz {

std::vector<Bytes> seeds() {
  const SecretKey first = key(1);
  const SecretKey second = key(2);
  const SecretKey stranger = key(3);
  const Bytes payload = manifest_payload();
  return {sign_envelope(kManifestType, payload, {&first}),
          sign_envelope(kManifestType, payload, {&first, &second}),
          sign_envelope(kManifestType, payload, {&stranger, &first}),
          sign_envelope(kManifestType, as_bytes("x"), {}),
          sign_envelope("other", payload, {&first})};
}

void one(ByteView input) {
  static const std::vector<PublicKey> trusted{key(1).public_key(), key(2).public_key()};
  static const RoleKeys unseen{.keys = {key(4).public_key()}, .threshold = 1};
  static const Bytes signed_payload = manifest_payload();

  const auto view = decode_envelope(input);
  for (const std::int64_t threshold : {1, 2}) {
    const RoleKeys role{.keys = trusted, .threshold = threshold};
    const auto payload = verify_envelope(input, kManifestType, role);
    check(!payload || *payload == signed_payload, "an unsigned payload was accepted");
    check(!payload || view.ok(), "verified, and not decoded");
  }
  check(!verify_envelope(input, kManifestType, unseen).ok(), "a key that signed nothing");
}

}  // namespace phase::fuzz
