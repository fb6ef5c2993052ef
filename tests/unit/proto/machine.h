// A machine in the field as proto/ sees it: a policy that it was built with, the root documents that
// it has heard of since, and releases that it is asked to boot. Everything as bytes.
#pragma once

#include <algorithm>

#include "tests/unit/proto/roots.h"

namespace phase::test {

class Machine {
 public:
  explicit Machine(Root root) { policy_.root = std::move(root); }

  /// True where at least one of `documents` is a step. What it heard stays.
  bool hears(const std::vector<Bytes>& documents) {
    FollowedRoots followed = follow_roots(policy_.root, documents);
    policy_.root = std::move(followed.root);
    refused_ = std::move(followed.refused);
    return !followed.accepted.empty();
  }
  bool hears(const Root& root, const KeyNumbers& signers) {
    return hears(std::vector<Bytes>{signed_root(root, signers)});
  }

  [[nodiscard]] Result<VerifiedManifest> boots(const Manifest& document,
                                               const KeyNumbers& signers) const {
    Expectation asked = expectation();
    asked.now = now;
    return verify_manifest(signed_manifest(document, signers), policy_, asked);
  }
  /// Release `version` of stable/x86_64.
  [[nodiscard]] Result<VerifiedManifest> boots(std::uint64_t version,
                                               const KeyNumbers& signers) const {
    Manifest document = manifest();
    document.release_version = version;
    return boots(document, signers);
  }

  [[nodiscard]] const Root& root() const { return policy_.root; }
  /// Why the first document that was no step was none, the last time that it heard some.
  [[nodiscard]] ErrorCode refused() const {
    check(refused_.has_value(), "nothing was refused");
    return refused_->code;
  }

  WallTime now{kCreated + 60};

 private:
  TrustPolicy policy_;
  std::optional<Error> refused_;
};

}  // namespace phase::test
