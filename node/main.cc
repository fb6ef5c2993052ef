// plasmd: the provider node and the operator's tool. Parses, wires, runs; each verb is its own file.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "node/verbs.h"
#include "proto/result.h"

namespace {

int run(int argc, char** argv) {
  CLI::App app{"plasmd: provide signed boot releases to machines through a peer-to-peer network"};
  app.footer("Every verb has --help with an example. Exit codes: docs/EXIT-CODES.md.");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("plasmd ") + PHASE_VERSION);
  int exit = 0;
  phase::node::add_keygen(app, exit);
  phase::node::add_key(app, exit);
  phase::node::add_trust(app, exit);
  phase::node::add_publish(app, exit);
  phase::node::add_serve(app, exit);
  phase::node::add_fetch(app, exit);
  phase::node::add_verify(app, exit);
  phase::node::add_inspect(app, exit);
  phase::node::add_status(app, exit);
  phase::node::add_list(app, exit);
  phase::node::add_discover(app, exit);
  phase::node::add_cache(app, exit);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& why) {
    const int asked_for_help = app.exit(why);
    return asked_for_help == 0 ? 0 : phase::exit_code(phase::ErrorCode::kUsage);
  }
  return exit;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "plasmd: %s\n", error.what());
    return phase::exit_code(phase::ErrorCode::kInternal);
  }
}
