// Payloads that a trusted key signed and that are hostile all the same, and envelopes that no
// trusted key signed: the first give a manifest within its rules or an error, the second an error.
#include <algorithm>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/proto/samples.h"

namespace phase::fuzz {
namespace {

const Expectation& expectation() {
  static const Expectation expected{
      .channel = "stable", .arch = "x86_64", .min_version = 0, .now = WallTime{1767225660}};
  return expected;
}

void as_payload(ByteView input) {
  static const SecretKey signer = key(1);
  static const TrustPolicy policy = trust_single_key(signer.public_key());
  const auto decoded = decode_manifest(input);
  if (decoded) {
    const auto again = encode_manifest(*decoded);
    check(again && std::equal(again->begin(), again->end(), input.begin(), input.end()),
          "a decoded manifest has another encoding");
    check(decoded->total_bytes() >= decoded->artifacts.size(), "a sum of sizes overflowed");
    check(!manifest_json(*decoded).empty(), "a manifest without JSON");
  }
  if (input.empty() || input.size() > kMaxManifestBytes) return;
  const auto verified =
      verify_manifest(sign_envelope(kManifestType, input, {&signer}), policy, expectation());
  check(!verified || decoded, "a manifest was accepted that does not decode");
  check(
      !verified || (verified->manifest.channel == "stable" && verified->manifest.arch == "x86_64"),
      "a manifest for somebody else was accepted");
}

/// The signed seed under this key is version 7; its secret is never used on the fuzzer's bytes.
void as_envelope(ByteView input) {
  static const TrustPolicy policy = trust_single_key(key(2).public_key());
  static const TrustPolicy unseen = trust_single_key(key(3).public_key());
  static const Bytes golden = manifest_payload();
  const auto verified = verify_manifest(input, policy, expectation());
  check(!verified || *encode_manifest(verified->manifest) == golden,
        "a manifest was accepted that was never signed");
  check(!verify_manifest(input, unseen, expectation()).ok(), "a key that signed nothing");
}

}  // namespace

std::vector<Bytes> seeds() {
  const SecretKey signer = key(2);
  Manifest least = manifest();
  least.artifacts.resize(2);
  least.cmdline.clear();
  return {manifest_payload(), *encode_manifest(least),
          sign_envelope(kManifestType, manifest_payload(), {&signer})};
}

void one(ByteView input) {
  as_payload(input);
  as_envelope(input);
}

}  // namespace phase::fuzz
