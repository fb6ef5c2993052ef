// node/device_tree_name.h
// The machine that a flattened device tree is for: the first string of the root node's
// "compatible" property (Devicetree Specification 0.4, chapter 5). The blob is the publisher's
// own file, read with bounds all the same.
#pragma once

#include <string>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::node {

/// "raspberrypi,4-model-b". kMalformed where `blob` is no device tree or names no machine.
[[nodiscard]] Result<std::string> device_tree_machine(ByteView blob);

}  // namespace phase::node
