// proto/signers.h
// Whether enough of the right keys signed some bytes: the one place where signatures are counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/bytes.h"
#include "proto/keys.h"
#include "proto/result.h"

namespace phase {

struct SignatureEntry {
  std::string key_id;      ///< A hint: which key is meant. Proves nothing.
  Signature signature{};
};

/// Keys, and how many of them must agree.
struct RoleKeys {
  std::vector<PublicKey> keys;
  std::int64_t threshold = 1;  ///< As a document says it; broken_root_rule() bounds it.
  bool operator==(const RoleKeys&) const = default;
};

/// The distinct keys of `role` that signed `message`, in the order of `signatures`, once at least
/// its threshold did. kUnsigned (no signature at all), kBadSignature (too few, and one names a key
/// of the role and does not match), kWrongKey (too few). A signature that does not match takes
/// nothing from those that do (TUF 5.3.4: it is not counted). A threshold below 1 is met by nobody.
[[nodiscard]] Result<std::vector<PublicKey>> check_signers(
    ByteView message, const std::vector<SignatureEntry>& signatures, const RoleKeys& role);

}  // namespace phase
