// node/key_output.h
// The files of a key, and what an operator is told about it; the same after keygen and key import.
#pragma once

#include <string>

#include "proto/keys.h"

namespace phase::node {

/// Writes FOLDER/secret.key (mode 0600, never over an existing one) and FOLDER/phase.pub, prints
/// key and files to stdout; the exit code of `verb`.
[[nodiscard]] int put_key(const char* verb, const SecretKey& key, const std::string& folder,
                          bool json);

}  // namespace phase::node
