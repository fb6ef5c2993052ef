// node/verify_release.h
// What `plasmd verify` checks: a manifest against a trust policy, then every artifact that lies
// beside it, byte for byte. Reads files of any origin; the manifest's sizes bound how much.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proto/trust.h"

namespace phase::node {

struct VerifyRequest {
  TrustPolicy policy;
  std::string path;                    ///< manifest.dsse, or the folder that holds it.
  std::optional<std::string> channel;  ///< Else the one that the manifest names.
  std::optional<std::string> arch;
  std::uint64_t min_version = 0;
  WallTime now;
  bool artifacts = true;               ///< False: the manifest alone.
};

struct VerifiedFile {
  std::string path;
  std::optional<Error> error;          ///< Empty: as signed.
};

struct VerifyReport {
  VerifiedManifest manifest;
  Root root;                           ///< That the manifest was held against.
  std::vector<VerifiedFile> files;
};

/// Root documents in trust/ beside the manifest are followed as far as the chain rule leads from the
/// policy's root. An error where the manifest does not pass; otherwise each artifact has its own: kNotFound,
/// kLargerThanSigned, kSmallerThanSigned, kAltered, kStore.
[[nodiscard]] Result<VerifyReport> verify_release(const VerifyRequest& request);

}  // namespace phase::node
