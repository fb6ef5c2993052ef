#include <CLI/CLI.hpp>
#include <memory>

#include "node/key_output.h"
#include "node/verbs.h"
#include "proto/keys.h"
#include "proto/ports.h"

namespace phase::node {
namespace {

constexpr const char* kVerb = "keygen";

struct Arguments {
  std::string out;
  bool json = false;
};

}  // namespace

void add_keygen(CLI::App& app, int& exit) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(kVerb, "Make an Ed25519 key to sign releases with");
  verb->footer(
      "Writes DIR/secret.key (mode 0600, never over an existing one) and DIR/phase.pub.\n"
      "Example:\n  plasmd keygen --out ~/release-key");
  verb->add_option("--out", arguments->out, "Folder for the key files, made where missing")
      ->required();
  verb->add_flag("--json", arguments->json, "Print JSON");
  verb->callback([arguments, &exit] {
    exit = put_key(kVerb, SecretKey::generate(system_random()), arguments->out, arguments->json);
  });
}

}  // namespace phase::node
