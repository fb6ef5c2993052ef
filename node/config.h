// node/config.h
// The configuration file of a verb: TOML whose keys are the long options without dashes. What the
// command line says wins. toml++ reads it; CLI11 checks and converts what it says.
#pragma once

#include <string>

#include "proto/result.h"

namespace CLI {
class App;
}

namespace phase::node {

/// Sets every option of `verb` that `file` names and the command line did not. At most 256 KiB.
/// kConfig names file, line and rule; an unknown key is an error that names the nearest known one.
[[nodiscard]] Result<void> apply_config(CLI::App& verb, const std::string& file);

}  // namespace phase::node
