// Kernel packages made from a few bytes, so that a fuzzer need not find out the checksums of tar: the
// bytes say which entries, of which kind, with which names and contents.
#pragma once

#include "proto/bytes.h"

namespace phase::fuzz {

/// ar with control.tar and data.tar in it. Any script makes one; none is refused.
[[nodiscard]] Bytes deb_from(ByteView script);

}  // namespace phase::fuzz
