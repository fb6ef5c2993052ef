// proto/trust_engine.h
// The client workflow of the TUF specification (1.0.34, section 5) on decoded documents: the chain
// of roots, then a manifest against the root that is current now. Does no I/O and no parsing: it
// takes what somebody decoded and the exact bytes that were signed, so that other encodings can
// drive it. The owner decodes a document only to hand it in here, and believes it only after.
//
// How the sections map: 5.3 update the root role -> advance(); 5.3.10 its expiry -> admit(), since
// a newer root may still come; 5.4 to 5.6 (timestamp, snapshot, targets) -> admit(): a manifest
// holds every length and hash of its release, so one signed document takes the place of three.
//
// Threads: none. One engine is one run: its time is fixed when it begins.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/manifest.h"
#include "proto/root.h"
#include "proto/signers.h"

namespace phase {

inline constexpr int kMaxRootSteps = 256;  ///< Root documents that one run goes through.

/// Untrusted: a document, and what its signatures are over.
template <class Document>
struct Signed {
  Document document;
  Bytes message;           ///< The exact bytes, e.g. DSSE's pre-authentication encoding.
  std::vector<SignatureEntry> signatures;
};

/// What is asked for.
struct Wanted {
  std::string channel;
  std::string arch;
  std::uint64_t min_version = 0;  ///< The highest floor known besides the root's.
};

class TrustEngine {
 public:
  /// `trusted` needs no signature: it came with the machine. `now` holds for the whole run.
  /// kConfig where it breaks a rule of its own.
  static Result<TrustEngine> begin(Root trusted, WallTime now);

  /// `next` becomes the current root: it is exactly the next version, signed by the thresholds of
  /// the current root's root role and of its own, and does not lower the TPM counter. Whether it
  /// is expired is not asked (a newer one may follow). Errors: those of check_signers();
  /// kRollback (its version is not above the current one's, or its counter below),
  /// kMissingRoot (a version is missing in between, or these are over kMaxRootSteps), kMalformed
  /// (it breaks a rule of its own).
  [[nodiscard]] Result<void> advance(const Signed<Root>& next);

  /// Who signed `message`, which whoever may sign for what is `wanted` has to have signed. It needs
  /// no document, so that its owner decodes none that nobody signed. In this order: the current
  /// root is not expired (kExpired), somebody may sign for channel and architecture (kNotGranted),
  /// signatures (errors of check_signers()).
  [[nodiscard]] Result<std::vector<PublicKey>> authorise(
      ByteView message, const std::vector<SignatureEntry>& signatures, const Wanted& wanted) const;

  /// Who signed `manifest`, once it passes every rule, in this order: those of authorise(), the
  /// manifest's own rules (kMalformed), its channel (kWrongChannel), architecture (kWrongArch),
  /// expiry (kExpired), version not below the floors (kRollback).
  [[nodiscard]] Result<std::vector<PublicKey>> admit(const Signed<Manifest>& manifest,
                                                     const Wanted& wanted) const;

  [[nodiscard]] const Root& root() const { return root_; }
  [[nodiscard]] WallTime now() const { return now_; }

 private:
  TrustEngine(Root root, WallTime now) : root_(std::move(root)), now_(now) {}
  Root root_;
  WallTime now_;
  int steps_ = 0;
};

}  // namespace phase
