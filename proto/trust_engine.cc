#include "proto/trust_engine.h"

#include <algorithm>

#include "proto/manifest_rules.h"
#include "proto/utc.h"

namespace phase {
namespace {

std::string named(const Manifest& manifest) {
  return "release " + std::to_string(manifest.release_version) + " of " + manifest.channel + "/" +
         manifest.arch;
}

std::string named(const Root& root) { return "root version " + std::to_string(root.version); }

bool is_past(WallTime expires, WallTime now) { return expires.seconds != 0 && now >= expires; }

}  // namespace

Result<TrustEngine> TrustEngine::begin(Root trusted, WallTime now) {
  if (const auto broken = broken_root_rule(trusted)) {
    return {ErrorCode::kConfig, "the root that is trusted: " + *broken};
  }
  return TrustEngine(std::move(trusted), now);
}

Result<void> TrustEngine::advance(const Signed<Root>& next) {
  const Root& root = next.document;
  if (const auto broken = broken_root_rule(root)) return {ErrorCode::kMalformed, "root: " + *broken};
  // TUF 5.3.5: exactly the next one; one that skips is not looked at.
  if (root.version <= root_.version) {
    return {ErrorCode::kRollback,
            named(root) + " is not above version " + std::to_string(root_.version)};
  }
  if (root.version != root_.version + 1) {
    return {ErrorCode::kMissingRoot,
            named(root) + " came, " + std::to_string(root_.version + 1) + " is missing"};
  }
  if (steps_ >= kMaxRootSteps) {
    return {ErrorCode::kMissingRoot, "over " + std::to_string(kMaxRootSteps) +
                                         " root documents behind; give the machine a newer one"};
  }
  if (root.counter < root_.counter) {
    return {ErrorCode::kRollback, named(root) + " lowers the counter from " +
                                      std::to_string(root_.counter) + " to " +
                                      std::to_string(root.counter)};
  }
  // TUF 5.3.4: the threshold of the old one's keys and of its own, each.
  const auto by_old = check_signers(next.message, next.signatures, root_.root);
  if (!by_old) return by_old.error().in(named(root) + ", by the keys of the one before");
  const auto by_own = check_signers(next.message, next.signatures, root.root);
  if (!by_own) return by_own.error().in(named(root) + ", by its own keys");
  root_ = root;
  ++steps_;
  return {};
}

Result<std::vector<PublicKey>> TrustEngine::authorise(
    ByteView message, const std::vector<SignatureEntry>& signatures, const Wanted& wanted) const {
  if (is_past(root_.expires, now_)) {
    return {ErrorCode::kExpired, named(root_) + " expired on " + utc_text(root_.expires) +
                                     "; it is " + utc_text(now_) +
                                     " here; publish a newer one with `plasmd trust rotate`"};
  }
  const RoleKeys* role = root_.release_role(wanted.channel, wanted.arch);
  if (role == nullptr) {
    return {ErrorCode::kNotGranted, named(root_) + " lets nobody sign for channel " +
                                        wanted.channel + " on " + wanted.arch};
  }
  return check_signers(message, signatures, *role);
}

Result<std::vector<PublicKey>> TrustEngine::admit(const Signed<Manifest>& manifest,
                                                  const Wanted& wanted) const {
  auto signers = authorise(manifest.message, manifest.signatures, wanted);
  if (!signers) return signers;
  const Manifest& release = manifest.document;
  if (const auto broken = broken_rule(release)) {
    return {ErrorCode::kMalformed, "manifest: " + *broken};
  }
  if (release.channel != wanted.channel) {
    return {ErrorCode::kWrongChannel, named(release) + " is not of channel " + wanted.channel};
  }
  if (release.arch != wanted.arch) {
    return {ErrorCode::kWrongArch, named(release) + " is not for architecture " + wanted.arch};
  }
  if (is_past(release.expires, now_)) {
    return {ErrorCode::kExpired,
            named(release) + " expired on " + utc_text(release.expires) + "; it is " +
                utc_text(now_) + " here; renew it with `plasmd publish --renew`, or set this "
                "machine's clock"};
  }
  const std::uint64_t floor = std::max(wanted.min_version, root_.floor(wanted.channel, wanted.arch));
  if (release.release_version < floor) {
    return {ErrorCode::kRollback, named(release) + " is older than version " +
                                      std::to_string(floor) +
                                      ", the lowest that is accepted here"};
  }
  return signers;
}

}  // namespace phase
