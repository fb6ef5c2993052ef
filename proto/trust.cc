#include "proto/trust.h"

#include <algorithm>
#include <utility>

#include "proto/envelope.h"
#include "proto/trust_engine.h"

namespace phase {
namespace {

/// kExpired says that it is the clock that is wrong, where it stands before the floor.
Error explained(Error error, const TrustPolicy& policy, const Expectation& expected) {
  if (error.code == ErrorCode::kExpired && expected.now <= policy.time_floor) {
    error.detail += " (this machine's clock is behind; that is when its image was built)";
  }
  return error;
}

}  // namespace

TrustPolicy trust_single_key(const PublicKey& key) {
  TrustPolicy policy;
  policy.root = virtual_root(key);
  return policy;
}

Result<VerifiedManifest> verify_manifest(ByteView untrusted_envelope, const TrustPolicy& policy,
                                         const Expectation& expected) {
  // A clock that is behind must not bring an expired release back, so the floor raises it.
  const auto engine = TrustEngine::begin(policy.root, std::max(expected.now, policy.time_floor));
  if (!engine) return engine.error();
  auto view = decode_envelope(untrusted_envelope);
  if (!view) return view.error();
  if (view->payload_type != kManifestType) {
    return {ErrorCode::kMalformed,
            "envelope: holds " + view->payload_type + ", expected " + kManifestType};
  }
  const auto own = policy.min_version.find(expected.channel);
  const std::uint64_t floor =
      std::max(expected.min_version, own == policy.min_version.end() ? 0 : own->second);
  const Wanted wanted{.channel = expected.channel, .arch = expected.arch, .min_version = floor};

  Bytes message = pre_authentication_encoding(kManifestType, view->payload);
  // Nothing is parsed that nobody signed.
  const auto signers = engine->authorise(message, view->signatures, wanted);
  if (!signers) return explained(signers.error().in("envelope"), policy, expected);
  auto manifest = decode_manifest(view->payload);
  if (!manifest) return manifest.error();
  auto admitted = engine->admit({.document = *manifest,
                                       .message = std::move(message),
                                       .signatures = std::move(view->signatures)},
                                      wanted);
  if (!admitted) return explained(admitted.error(), policy, expected);

  VerifiedManifest verified;
  verified.manifest = *std::move(manifest);
  verified.envelope_sha256 = sha256(untrusted_envelope);
  verified.signers = *std::move(admitted);
  for (const PublicKey& key : verified.signers) {
    if (!verified.signed_by.empty()) verified.signed_by.push_back(',');
    verified.signed_by.append(key.id());
  }
  return verified;
}

}  // namespace phase
