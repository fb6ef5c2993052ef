#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "node/files.h"
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

Result<PublicKey> make_key(const std::string& secret_path, const std::string& public_path,
                           const std::string& folder) {
  if (auto made = make_folders(real_files(), folder); !made) return made.error();
  const auto key = SecretKey::generate(system_random());
  if (auto saved = save_secret_key(secret_path, key); !saved) return saved.error();
  const auto text = "untrusted comment: minisign public key, Phase Boot key " +
                    key.public_key().id() + "\n" + key.public_key().minisign() + "\n";
  if (auto saved = replace_file(real_files(), public_path, as_bytes(text)); !saved)
    return saved.error();
  return key.public_key();
}

int run(const Arguments& arguments) {
  const auto secret_path = arguments.out + "/secret.key";
  const auto public_path = arguments.out + "/phase.pub";
  const auto key = make_key(secret_path, public_path, arguments.out);
  if (!key) return fail(kVerb, key.error());
  if (arguments.json)
    return print(kVerb, nlohmann::ordered_json{{"public_key", key->hex()},
                                               {"minisign", key->minisign()},
                                               {"id", key->id()},
                                               {"secret_key_file", secret_path},
                                               {"public_key_file", public_path}}
                                .dump(2) +
                            "\n");
  return print(kVerb, "public key    " + key->hex() + "\nminisign      " + key->minisign() +
                          "\nkey id        " + key->id() + "\nsecret key    " + secret_path +
                          " (keep it off machines that serve; whoever has it signs releases)\n" +
                          "boot with     phase.key=" + key->hex() + "\n");
}

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
  verb->callback([arguments, &exit] { exit = run(*arguments); });
}

}  // namespace phase::node
