#include "proto/trust.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <utility>

#include "proto/envelope.h"

namespace phase {
namespace {

std::string date(WallTime time) {
  const std::time_t seconds = time.seconds;
  std::tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return std::to_string(time.seconds);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return {text.data(), size};
}

std::string named(const Manifest& manifest) {
  return "release " + std::to_string(manifest.release_version) + " of " + manifest.channel + "/" +
         manifest.arch;
}

/// A clock that is behind must not bring an expired release back, so the floor raises it.
Result<void> check_expiry(const Manifest& manifest, WallTime clock, WallTime floor) {
  const WallTime now = std::max(clock, floor);
  if (manifest.expires.seconds == 0 || now < manifest.expires) return {};
  std::string detail =
      named(manifest) + " expired on " + date(manifest.expires) + "; it is " + date(now) + " here";
  if (clock < floor)
    detail += " (this machine's clock is behind, that is when its image was built)";
  return {ErrorCode::kExpired,
          detail + "; renew it with `plasmd publish --renew`, or set this machine's clock"};
}

Result<void> check_version(const Manifest& manifest, const TrustPolicy& policy,
                           const Expectation& expected) {
  const auto own = policy.min_version.find(manifest.channel);
  const std::uint64_t floor =
      std::max(expected.min_version, own == policy.min_version.end() ? 0 : own->second);
  if (manifest.release_version >= floor) return {};
  return {ErrorCode::kRollback, named(manifest) + " is older than version " +
                                    std::to_string(floor) + ", the lowest that is accepted here"};
}

}  // namespace

TrustPolicy trust_single_key(const PublicKey& key) {
  TrustPolicy policy;
  policy.release_keys = {key};
  policy.pointer_keys = {key};
  return policy;
}

Result<VerifiedManifest> verify_manifest(ByteView untrusted_envelope, const TrustPolicy& policy,
                                         const Expectation& expected) {
  const auto opened = open_envelope(untrusted_envelope, kManifestType, policy.release_keys,
                                    policy.release_threshold);
  if (!opened) return opened.error();
  Result<Manifest> manifest = decode_manifest(opened->payload);
  if (!manifest) return manifest.error();

  if (manifest->channel != expected.channel) {
    return {ErrorCode::kWrongChannel, named(*manifest) + " is not of channel " + expected.channel};
  }
  if (manifest->arch != expected.arch) {
    return {ErrorCode::kWrongArch, named(*manifest) + " is not for architecture " + expected.arch};
  }
  if (auto fresh = check_expiry(*manifest, expected.now, policy.time_floor); !fresh) {
    return fresh.error();
  }
  if (auto version = check_version(*manifest, policy, expected); !version) return version.error();

  VerifiedManifest verified;
  verified.manifest = *std::move(manifest);
  verified.envelope_sha256 = sha256(untrusted_envelope);
  for (const PublicKey& key : opened->signers) {
    if (!verified.signed_by.empty()) verified.signed_by.push_back(',');
    verified.signed_by.append(key.id());
  }
  return verified;
}

}  // namespace phase
