#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "node/signed_copies.h"
#include "node/trust_files.h"
#include "node/trust_verbs.h"
#include "node/verbs.h"
#include "proto/envelope.h"
#include "proto/utc.h"

namespace phase::node {
namespace {

constexpr const char* kVerb = "trust sign";

struct Arguments {
  std::vector<std::string> secret_keys, copies;
  std::string document, previous, out;
  bool yes = false;
};

std::vector<std::string> describe_manifest(const Manifest& manifest) {
  std::vector<std::string> lines{
      "release       " + manifest.channel + " on " + manifest.arch + ", version " +
          std::to_string(manifest.release_version),
      "created       " + utc_text(manifest.created),
      "expires       " + (manifest.expires.seconds == 0 ? "never" : utc_text(manifest.expires)),
      "cmdline       " + manifest.cmdline};
  for (const Artifact& artifact : manifest.artifacts) {
    lines.push_back("artifact      " + artifact.name + "  " + std::to_string(artifact.size) +
                    " bytes  SHA-256 " + to_hex(artifact.sha256));
  }
  return lines;
}

/// A role that has a say in the document, and what it is called.
struct Say {
  std::string name;
  RoleKeys role;
};

Result<std::vector<Say>> says(const TravellingDocument& document, const std::optional<TrustBase>& previous) {
  std::vector<Say> all;
  if (document.root) {
    const Root& root = document.root->document;
    if (previous) {
      if (root.version != previous->root.version + 1)
        return {ErrorCode::kMissingRoot, "--previous is root version " +
                                             std::to_string(previous->root.version) +
                                             ", the document is version " +
                                             std::to_string(root.version)};
      all.push_back({"the keys of version " + std::to_string(previous->root.version), previous->root.root});
    }
    all.push_back({"its own root keys", root.root});
  } else if (previous) {
    const Manifest& manifest = document.manifest->document;
    const RoleKeys* role = previous->root.release_role(manifest.channel, manifest.arch);
    if (role == nullptr)
      return {ErrorCode::kNotGranted, "--previous lets nobody sign for channel " + manifest.channel +
                                          " on " + manifest.arch};
    all.push_back({"the release keys", *role});
  }
  return all;
}

std::string summary(const TravellingDocument& document, const std::optional<TrustBase>& previous) {
  std::string text;
  const auto lines = document.root ? describe_root(document.root->document)
                                   : describe_manifest(document.manifest->document);
  for (const std::string& line : lines) text += line + "\n";
  if (!document.root || !previous) return text;
  text += "changes since version " + std::to_string(previous->root.version) + ":\n";
  for (const std::string& line : describe_change(previous->root, document.root->document))
    text += "  " + line + "\n";
  return text;
}

/// True where the person at the terminal agrees; a program that calls this has decided already.
bool confirmed(bool yes) {
  if (yes || ::isatty(0) != 1) return true;
  std::fputs("sign this? [y/N] ", stderr);
  const int answer = std::getchar();
  return answer == 'y' || answer == 'Y';
}

/// A signature that no role asks for would only look like one.
Result<void> has_a_say(const SecretKey& key, const std::vector<Say>& all, bool all_known) {
  if (!all_known) return {};
  for (const Say& say : all)
    for (const PublicKey& one : say.role.keys)
      if (one == key.public_key()) return {};
  return {ErrorCode::kWrongKey, "key " + key.public_key().id() + " has no say in this document"};
}

std::string progress(const TravellingDocument& document, const std::vector<Say>& all) {
  const Bytes& message = document.root ? document.root->message : document.manifest->message;
  const auto& signatures = document.root ? document.root->signatures : document.manifest->signatures;
  std::string text;
  for (const Say& say : all) {
    const auto missing = what_is_missing(say.role, signers_among(message, signatures, say.role));
    text += (missing ? "not enough    " : "enough        ") + say.name +
            (missing ? ": " + *missing : std::string()) + "\n";
  }
  return text;
}

/// Puts the signatures of the copies that came back into `document`; a line for each.
Result<std::string> take_copies(TravellingDocument& document, const std::vector<std::string>& paths,
                                const std::vector<Say>& all) {
  // Who only signs answers for no signature but his own.
  if (paths.empty()) return std::string();
  std::vector<SignedCopy> copies;
  for (const std::string& path : paths) {
    auto copy = read_document(path);
    if (!copy) return copy.error();
    copies.push_back({path, std::move(copy->bytes)});
  }
  std::vector<RoleKeys> roles;
  for (const Say& say : all) roles.push_back(say.role);
  auto together = put_together(document.bytes, copies, roles);
  if (!together) return together.error().in(document.path);
  document.bytes = std::move(together->bytes);
  std::string text;
  for (const PublicKey& key : together->added) text += "taken over    " + key.id() + "\n";
  return text;
}

Result<std::string> act(const Arguments& arguments) {
  if (arguments.secret_keys.empty() && arguments.copies.empty())
    return {ErrorCode::kUsage, "give --secret-key FILE to sign, or --with FILE of who signed a copy"};
  std::optional<TrustBase> previous;
  if (!arguments.previous.empty()) {
    auto base = read_base(arguments.previous);
    if (!base) return base.error().in("--previous");
    previous = std::move(*base);
  }
  auto document = read_document(arguments.document);
  if (!document) return document.error();
  const auto all = says(*document, previous);
  if (!all) return all.error();
  const bool all_known = previous || (document->root && document->root->document.version == 1);
  if (!all_known && !arguments.copies.empty())
    return {ErrorCode::kUsage, "whose signatures count says --previous DOCUMENT|PUBKEY: give it with --with"};
  std::vector<SecretKey> keys;
  std::vector<const SecretKey*> borrowed;
  for (const std::string& path : arguments.secret_keys) {
    auto key = load_secret_key(path);
    if (!key) return key.error();
    if (auto has = has_a_say(*key, *all, all_known); !has) return has.error();
    keys.push_back(std::move(*key));
  }
  for (const SecretKey& key : keys) borrowed.push_back(&key);
  auto text = take_copies(*document, arguments.copies, *all);
  if (!text) return text;

  if (const int code = print(kVerb, summary(*document, previous)); code != 0)
    return {ErrorCode::kStore, "standard output cannot be written"};
  if (!keys.empty() && !confirmed(arguments.yes)) return {ErrorCode::kCancelled, "nothing was signed"};
  const auto made = add_signatures(document->bytes, borrowed);
  if (!made) return made.error();
  const std::string& to = arguments.out.empty() ? arguments.document : arguments.out;
  const auto written = arguments.out.empty() ? replace_file(real_files(), to, *made)
                                             : write_new_document(to, *made);
  if (!written) return written.error();
  const auto now = read_document(to);
  if (!now) return now.error();
  for (const SecretKey& key : keys) *text += "signed by     " + key.public_key().id() + "\n";
  *text += progress(*now, *all);
  if (!all_known) *text += "unknown       who else must sign: --previous DOCUMENT|PUBKEY tells\n";
  return text;
}

int run(const Arguments& arguments) {
  const auto text = act(arguments);
  return text ? print(kVerb, *text) : fail(kVerb, text.error());
}

}  // namespace

void add_trust_sign(CLI::App& group, int& exit) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb =
      group.add_subcommand("sign", "Add your signature to a root document or a draft of a release");
  verb->footer(
      "Shows what it says, signs it in place, and tells who is still missing. Holders who sign copies\n"
      "at the same time need not wait for each other: --with puts their signatures together.\nExamples:\n"
      "  plasmd trust sign --secret-key alice/secret.key --previous phase.pub 2.root.dsse\n"
      "  plasmd trust sign --secret-key bob/secret.key --previous 2.root.dsse stable.draft\n"
      "  plasmd trust sign --previous phase.pub --with from-alice/2.root.dsse \\\n"
      "      --with from-bob/2.root.dsse 2.root.dsse");
  verb->add_option("--secret-key", arguments->secret_keys, "Key file; again for each")
      ->allow_extra_args(false);
  verb->add_option("--with", arguments->copies,
                   "A copy of this very document that others signed: its signatures are taken over; "
                   "again for each")
      ->allow_extra_args(false);
  verb->add_option("--previous", arguments->previous,
                   "The root document that is current, or the single key before any");
  verb->add_option("--out", arguments->out, "Write there instead of in place");
  verb->add_flag("--yes", arguments->yes, "Do not ask at a terminal");
  verb->add_option("document", arguments->document, "Root document or draft of a release")->required();
  verb->callback([arguments, &exit] { exit = run(*arguments); });
}

}  // namespace phase::node
