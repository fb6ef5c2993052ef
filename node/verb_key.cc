#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "node/key_output.h"
#include "node/password.h"
#include "node/verbs.h"
#include "proto/minisign.h"
#include "proto/secret_file.h"

namespace phase::node {
namespace {

constexpr const char* kImport = "key import";
constexpr const char* kExport = "key export";

struct Arguments {
  std::string minisign, out, secret_key, password_file;
  bool no_password = false, json = false;
};

Result<SecretKey> read_minisign(const Arguments& arguments) {
  const auto text = read_secret_file(arguments.minisign, kMaxMinisignFile);
  if (!text) return text.error();
  const auto file = MinisignSecretKey::parse(text->bytes.text());
  if (!file) return file.error().in(arguments.minisign);
  if (!file->encrypted()) {
    if (text->owner_only) return file->open({});
    return {ErrorCode::kConfig,
            arguments.minisign +
                ": others than its owner can read or write this secret key, which no password "
                "protects; chmod 600 it, and make a new one if it may have been read"};
  }
  const auto password =
      read_password(arguments.password_file, "Password of the minisign key: ", Ask::kOnce);
  if (!password) return password.error();
  auto key = file->open(password->text());
  if (!key) return key.error().in(arguments.minisign);
  return key;
}

int import_key(const Arguments& arguments) {
  const auto key = read_minisign(arguments);
  if (!key) return fail(kImport, key.error());
  return put_key(kImport, *key, arguments.out, arguments.json);
}

Result<SecretBytes> minisign_text(const SecretKey& key, const Arguments& arguments) {
  if (arguments.no_password) return encode_minisign_secret_key(key, nullptr);
  const auto password =
      read_password(arguments.password_file, "Password for the minisign key: ", Ask::kTwice);
  if (!password) return password.error();
  const MinisignLock lock{password->text(), system_random()};
  return encode_minisign_secret_key(key, &lock);
}

int export_key(const Arguments& arguments) {
  const auto key = load_secret_key(arguments.secret_key);
  if (!key) return fail(kExport, key.error());
  const auto text = minisign_text(*key, arguments);
  if (!text) return fail(kExport, text.error());
  if (auto done = write_secret_file(arguments.minisign, text->text()); !done)
    return fail(kExport, done.error());
  const auto& known = key->public_key();
  if (arguments.json)
    return print(kExport, nlohmann::ordered_json{{"public_key", known.hex()},
                                                 {"minisign", known.minisign()},
                                                 {"minisign_file", arguments.minisign},
                                                 {"encrypted", !arguments.no_password}}
                                  .dump(2) +
                              "\n");
  return print(kExport, "written       " + arguments.minisign +
                            (arguments.no_password ? " (no password protects it)" : "") +
                            "\nsign with     minisign -S -s " + arguments.minisign +
                            " -m FILE\nverify with   minisign -V -P " + known.minisign() +
                            " -m FILE\n");
}

}  // namespace

void add_key(CLI::App& app, int& exit) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand("key", "Take a minisign key to sign releases with, or give one");
  verb->require_subcommand(1);
  verb->footer(
      "The key and its number stay the same: what either program signs, the other's public key "
      "verifies.\nExamples:\n"
      "  plasmd key import --minisign ~/.minisign/minisign.key --out ~/release-key\n"
      "  plasmd key export --secret-key ~/release-key/secret.key --minisign minisign.key");
  const auto add_common = [&](CLI::App* one) {
    one->add_flag("--json", arguments->json, "Print JSON");
    return one->add_option("--password-file", arguments->password_file,
                           "Its first line is the password; - is standard input. Default: the "
                           "terminal is asked");
  };

  CLI::App* import = verb->add_subcommand("import", "Make key files of a minisign secret key");
  import->add_option("--minisign", arguments->minisign, "minisign's secret key file")->required();
  import->add_option("--out", arguments->out, "Folder for the key files, made where missing")
      ->required();
  add_common(import);
  import->callback([arguments, &exit] { exit = import_key(*arguments); });

  CLI::App* give = verb->add_subcommand("export", "Make a minisign secret key of a key file");
  give->add_option("--secret-key", arguments->secret_key, "Key file of plasmd keygen")->required();
  give->add_option("--minisign", arguments->minisign, "File to write, never over an existing one")
      ->required();
  give->add_flag("--no-password", arguments->no_password, "As `minisign -G -W` does")
      ->excludes(add_common(give));
  give->callback([arguments, &exit] { exit = export_key(*arguments); });
}

}  // namespace phase::node
