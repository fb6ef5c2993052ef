// node/trust_verbs.h
// The verbs below `plasmd trust`, each in a file of its own: node/verb_trust_*.cc.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "node/trust_document.h"
#include "proto/result.h"

namespace CLI {
class App;
}

namespace phase::node {

void add_trust_init(CLI::App& group, int& exit);
void add_trust_rotate(CLI::App& group, int& exit);
void add_trust_revoke(CLI::App& group, int& exit);
void add_trust_sign(CLI::App& group, int& exit);
void add_trust_show(CLI::App& group, int& exit);
void add_trust_install(CLI::App& group, int& exit);

/// What init and rotate share.
struct RootArguments {
  std::string out, expires = "2y";
  std::vector<std::string> root, release, pointer;  ///< Keys that take the place of all.
  std::vector<std::string> release_grants, pointer_grants, floors;
  std::int64_t root_threshold = 0, release_threshold = 0, pointer_threshold = 0;  ///< 0: not said.
  std::uint64_t counter = 0;
  bool counter_given = false;
};
void add_root_options(CLI::App& verb, RootArguments& arguments);
[[nodiscard]] Result<RootChanges> to_changes(const RootArguments& arguments);

/// Writes `root` as a draft without a signature to `out`, and prints what it says and what is to be
/// done with it; the exit code. `from` may be null.
int write_draft(const char* verb, const std::string& out, const Root& root, const Root* from);

}  // namespace phase::node
