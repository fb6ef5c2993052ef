// node/inspect.h
// Reads any of our documents and says what it is, who signed it and whether that holds. Decides
// nothing: what it prints is for people. The bytes are anybody's.
#pragma once

#include <optional>
#include <string>

#include "proto/bytes.h"
#include "proto/result.h"
#include "proto/trust.h"

namespace phase::node {

inline constexpr std::size_t kMaxInspected = 4 * 1024 * 1024;

struct Inspected {
  std::string kind;           ///< "envelope", "pointer", "torrent", "trust-file", "public-key", …
  std::string json;           ///< Pretty-printed.
  /// Set where a signature is there and does not hold, or is of no trusted key.
  std::optional<Error> error;
};

/// `trust` may be null: then an envelope's signatures are listed and not checked (the keys are
/// not in it), and that is said. kMalformed where `document` is none of ours.
[[nodiscard]] Result<Inspected> inspect(ByteView document, const TrustPolicy* trust);

}  // namespace phase::node
