// Root documents for tests: keys by number (support.h), so that a case reads as who signed what.
#pragma once

#include <vector>

#include "proto/root_chain.h"
#include "proto/trust_engine.h"
#include "tests/unit/proto/support.h"

namespace phase::test {

using KeyNumbers = std::vector<std::uint8_t>;

RoleKeys role(const KeyNumbers& numbers, std::int64_t threshold = 1);
/// For every channel and architecture.
Grant grant(const KeyNumbers& numbers, std::int64_t threshold = 1);

/// Version 1: 2 of the root keys 1, 2, 3; 2 of the release keys 11, 12, 13; pointer key 21; expires
/// with manifest().
Root company_root();
/// `root` with the next version number, otherwise the same.
Root next_of(Root root);

/// What is signed: DSSE's encoding of the payload; some other bytes where `root` breaks a rule and
/// so has no payload.
Bytes message_of(const Root& root);
std::vector<SignatureEntry> signatures_of(ByteView message, const KeyNumbers& signers);
/// Decoded documents with signatures, as the engine takes them.
Signed<Root> signed_by(const Root& root, const KeyNumbers& signers);
Signed<Manifest> signed_by(const Manifest& manifest, const KeyNumbers& signers);
/// N.root.dsse.
Bytes signed_root(const Root& root, const KeyNumbers& signers);

}  // namespace phase::test
