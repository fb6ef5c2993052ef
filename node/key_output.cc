#include "node/key_output.h"

#include <nlohmann/json.hpp>

#include "node/files.h"
#include "node/verbs.h"

namespace phase::node {
namespace {

Result<void> write_files(const SecretKey& key, const std::string& folder,
                         const std::string& secret_path, const std::string& public_path) {
  if (auto made = make_folders(real_files(), folder); !made) return made.error();
  if (auto saved = save_secret_key(secret_path, key); !saved) return saved.error();
  const auto& known = key.public_key();
  const auto text = "untrusted comment: minisign public key " +
                    key_number_text(known.key_number()) + ", Phase Boot key " + known.id() + "\n" +
                    known.minisign() + "\n";
  return replace_file(real_files(), public_path, as_bytes(text));
}

}  // namespace

int put_key(const char* verb, const SecretKey& secret, const std::string& folder, bool json) {
  const auto secret_path = folder + "/secret.key";
  const auto public_path = folder + "/phase.pub";
  if (auto done = write_files(secret, folder, secret_path, public_path); !done)
    return fail(verb, done.error());
  const auto& key = secret.public_key();
  if (json)
    return print(verb, nlohmann::ordered_json{{"public_key", key.hex()},
                                              {"minisign", key.minisign()},
                                              {"id", key.id()},
                                              {"secret_key_file", secret_path},
                                              {"public_key_file", public_path}}
                               .dump(2) +
                           "\n");
  return print(verb, "public key    " + key.hex() + "\nminisign      " + key.minisign() +
                         "\nkey id        " + key.id() + "\nsecret key    " + secret_path +
                         " (keep it off machines that serve; whoever has it signs releases)\n" +
                         "boot with     phase.key=" + key.hex() + "\n");
}

}  // namespace phase::node
