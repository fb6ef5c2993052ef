// sim/made_release.h
// Releases that are made up: a kernel whose header is all of it, and an initramfs of random bytes of
// which each next version changes a part. Nothing boots them; they are published, fetched and served
// like real ones, in whatever size a network is to carry.
//
// Threads: the owner's.
#pragma once

#include <cstdint>
#include <string>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::sim {

/// A header that `plasmd publish` takes for an x86-64 kernel's, and nothing to run behind it.
[[nodiscard]] Result<void> write_made_kernel(const std::string& path);

/// Payload of an initramfs, version after version.
class MadePayload {
 public:
  /// Incompressible, and the same for the same `rng_seed`.
  MadePayload(std::size_t bytes, std::uint64_t rng_seed);
  /// Replaces `share` of it (0 to 1), in blocks of 16 KiB evenly spread, at least one.
  void change(double share);
  /// As a cpio archive with one file.
  [[nodiscard]] Result<void> write(const std::string& path) const;

 private:
  void fill(std::size_t begin, std::size_t end);
  std::uint64_t state_;
  Bytes content_;
};

}  // namespace phase::sim
