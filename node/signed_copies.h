// node/signed_copies.h
// Copies of one document that holders of keys signed apart from each other, on machines of their
// own, put together into one. Decides; the copies are anybody's.
#pragma once

#include <string>
#include <vector>

#include "proto/bytes.h"
#include "proto/keys.h"
#include "proto/result.h"
#include "proto/signers.h"

namespace phase::node {

/// Untrusted: an envelope, and where it came from.
struct SignedCopy {
  std::string path;
  Bytes bytes;
};

struct PutTogether {
  Bytes bytes;                   ///< The document with everybody's signatures, each key's once.
  std::vector<PublicKey> added;  ///< Whose signatures `document` lacked.
};

/// `document` with the signatures of `copies` beside its own, which may be none. `roles`: whose
/// signatures count. All or nothing, and an error of a copy names it: kMalformed; kUsage (a copy of
/// another document), kUnsigned (a copy without a signature), kWrongKey (a signature of a key that
/// no role has), kBadSignature (one that does not match).
[[nodiscard]] Result<PutTogether> put_together(ByteView document,
                                               const std::vector<SignedCopy>& copies,
                                               const std::vector<RoleKeys>& roles);

}  // namespace phase::node
