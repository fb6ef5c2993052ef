// What every fuzz target defines. A target breaks off with check() where an input shows a defect.
#pragma once

#include <vector>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::fuzz {

/// Inputs to begin with: good ones, so that the fuzzer need not guess the format.
std::vector<Bytes> seeds();
/// One input. It may come from anybody.
void one(ByteView input);

}  // namespace phase::fuzz
