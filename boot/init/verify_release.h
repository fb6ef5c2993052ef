// boot/init/verify_release.h
// Checks a fetched release in a folder that nobody can write any more: envelope, policy, then
// size and SHA-256 of every artifact. Runs in the verifier process; what it accepts is booted.
#pragma once

#include <string>

#include "proto/trust.h"

namespace phase::boot {

/// `parent` is the folder of fetched files, `name` the release's folder in it (untrusted: it must
/// be what the manifest's own bytes make it). No symbolic link is followed anywhere below
/// `parent`. Errors: those of verify_manifest(); kMalformed (name); kSmallerThanSigned (missing
/// files too), kLargerThanSigned, kAltered, kStore, each naming the file.
[[nodiscard]] Result<VerifiedManifest> verify_release(const std::string& parent,
                                                      const std::string& untrusted_name,
                                                      const TrustPolicy& policy,
                                                      const Expectation& expected);

/// Opens a regular file below `parent` for reading without following any symbolic link; -1 with
/// errno set. `path` is relative.
[[nodiscard]] int open_below(const std::string& parent, const std::string& path, int flags);

/// The whole of a small file below `parent`; kSmallerThanSigned where it is not there, kMalformed
/// where it is over `cap` bytes, kStore else.
[[nodiscard]] Result<Bytes> read_below(const std::string& parent, const std::string& path,
                                       std::size_t cap);

}  // namespace phase::boot
