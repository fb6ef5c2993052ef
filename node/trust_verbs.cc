#include "node/trust_verbs.h"

#include <CLI/CLI.hpp>

#include "node/trust_files.h"
#include "node/units.h"
#include "node/verbs.h"
#include "proto/envelope.h"

namespace phase::node {
namespace {

std::optional<std::int64_t> said(std::int64_t threshold) {
  return threshold == 0 ? std::nullopt : std::optional(threshold);
}

}  // namespace

void add_root_options(CLI::App& verb, RootArguments& arguments) {
  verb.add_option("--out", arguments.out, "File for the draft; never over another one")->required();
  const auto keys = [&](const char* name, std::vector<std::string>& into, const char* what) {
    verb.add_option(name, into, what)->allow_extra_args(false);
  };
  keys("--root-key", arguments.root, "Public key or .pub file that signs root documents; again for each");
  verb.add_option("--root-threshold", arguments.root_threshold, "How many of them must sign");
  keys("--release-key", arguments.release, "Signs releases of everything that no grant names");
  verb.add_option("--release-threshold", arguments.release_threshold, "How many of them must sign");
  keys("--pointer-key", arguments.pointer, "Signs pointers (publishes); at most three");
  keys("--release-grant", arguments.release_grants,
       "SCOPE=N:KEY,KEY: who signs releases of SCOPE, e.g. stable/x86_64 or beta or *");
  keys("--pointer-grant", arguments.pointer_grants, "SCOPE=KEY,…: who signs pointers of SCOPE");
  keys("--min-version", arguments.floors, "CHANNEL[/ARCH]=N: no older release is accepted");
  verb.add_option("--counter", arguments.counter, "What a machine with a TPM never goes below");
  verb.add_option("--expires", arguments.expires, "12h, 90d, 2w, 1y or never")->capture_default_str();
}

Result<RootChanges> to_changes(const RootArguments& arguments) {
  RootChanges changes;
  const auto fill = [](std::vector<PublicKey>& into, const std::vector<std::string>& from) -> Result<void> {
    auto keys = read_keys(from);
    if (!keys) return keys.error();
    into = std::move(*keys);
    return {};
  };
  if (auto done = fill(changes.root.set, arguments.root); !done) return done.error();
  if (auto done = fill(changes.release.set, arguments.release); !done) return done.error();
  if (auto done = fill(changes.pointer.set, arguments.pointer); !done) return done.error();
  changes.root.threshold = said(arguments.root_threshold);
  changes.release.threshold = said(arguments.release_threshold);
  // One signature is what a pointer has room for.
  if (!changes.pointer.set.empty()) changes.pointer.threshold = 1;
  for (const auto& [texts, grants, one_signature] :
       {std::tuple(&arguments.release_grants, &changes.release_grants, false),
        std::tuple(&arguments.pointer_grants, &changes.pointer_grants, true)}) {
    for (const std::string& text : *texts) {
      const bool bare = one_signature && text.find(':') == std::string::npos;
      const auto equals = text.find('=');
      auto grant = read_grant(bare && equals != std::string::npos
                                  ? text.substr(0, equals + 1) + "1:" + text.substr(equals + 1)
                                  : text);
      if (!grant) return grant.error();
      grants->push_back(std::move(*grant));
    }
  }
  for (const std::string& text : arguments.floors) {
    auto floor = parse_floor(text);
    if (!floor) return floor.error().in("--min-version");
    changes.floors.push_back(std::move(*floor));
  }
  if (arguments.counter_given) changes.counter = arguments.counter;
  const auto lifetime = parse_lifetime(arguments.expires);
  if (!lifetime) return lifetime.error().in("--expires");
  changes.lifetime = *lifetime;
  return changes;
}

int write_draft(const char* verb, const std::string& out, const Root& root, const Root* from) {
  const auto payload = encode_root(root);
  if (!payload) return fail(verb, payload.error());
  const Bytes draft = sign_envelope(kRootType, *payload, {});
  if (auto done = write_new_document(out, draft); !done) return fail(verb, done.error());
  std::string text;
  for (const std::string& line : describe_root(root)) text += line + "\n";
  if (from != nullptr) {
    text += "changes since version " + std::to_string(from->version) + ":\n";
    for (const std::string& line : describe_change(*from, root)) text += "  " + line + "\n";
  }
  text += "draft         " + out + ", signed by nobody yet\n";
  if (from != nullptr) text += "to sign       " + *what_is_missing(from->root, {}) + "\n";
  text += std::string(from != nullptr ? "and by its own " : "to sign       ") +
          *what_is_missing(root.root, {}) + "\nsign with     plasmd trust sign --secret-key FILE " +
          out + "\n";
  return print(verb, text);
}

}  // namespace phase::node
