#include <CLI/CLI.hpp>

#include "node/trust_verbs.h"
#include "node/verbs.h"

namespace phase::node {

void add_trust(CLI::App& app, int& exit) {
  CLI::App* group = app.add_subcommand(
      "trust", "Roles: who may sign what, as root documents that each holder of a key signs");
  group->footer(
      "A document travels as a file. Nothing here talks to a network: sign on a machine that is on "
      "none.\nStep by step: docs/OPERATING.md, Roles.");
  group->require_subcommand(1);
  add_trust_init(*group, exit);
  add_trust_sign(*group, exit);
  add_trust_rotate(*group, exit);
  add_trust_revoke(*group, exit);
  add_trust_show(*group, exit);
  add_trust_install(*group, exit);
}

}  // namespace phase::node
