// node/trust_show.h
// What a row of root documents says, for people: who may sign what, who signed, and whether each is
// a correct step from the one before. The bytes are anybody's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "node/stored_chain.h"
#include "proto/trust.h"

namespace phase::node {

/// One of those that were named, or that a store holds.
struct NamedBase {
  std::string name;
  TrustBase base;
  std::optional<TrustPolicy> trust_file = std::nullopt;  ///< What it says besides the root, where it is one.
};

struct ShownRoot {
  std::string name;                  ///< Where it came from.
  Root root;
  bool written = true;               ///< False: a single key, which is no document.
  struct Entry {
    std::string key_id;
    bool valid = false;              ///< Of a root key of this document or the one before.
  };
  std::vector<Entry> signatures;
  std::optional<Error> error;        ///< Why it is no step, or not signed as its own rules ask.
  std::optional<TrustPolicy> trust_file;
};

/// `bases`: what was named, in order; each is held against the one before it.
[[nodiscard]] std::vector<ShownRoot> examine_roots(const std::vector<NamedBase>& bases);
[[nodiscard]] std::string roots_text(const std::vector<ShownRoot>& roots);
[[nodiscard]] std::string roots_json(const std::vector<ShownRoot>& roots);
/// One root as JSON, without signatures: what other verbs put into theirs.
[[nodiscard]] std::string root_json(const Root& root);
/// The same of what a trust file says besides its root: locked, floors, where to begin, and which
/// kernel options pass unsigned.
[[nodiscard]] std::string trust_file_json(const TrustPolicy& policy);

}  // namespace phase::node
