#include <CLI/CLI.hpp>
#include <memory>

#include "node/trust_files.h"
#include "node/trust_verbs.h"
#include "node/units.h"
#include "node/verbs.h"
#include "proto/ports.h"

namespace phase::node {
namespace {

constexpr const char* kRotate = "trust rotate";
constexpr const char* kRevoke = "trust revoke";

struct RotateArguments {
  RootArguments root;
  std::string from;
  std::vector<std::string> add_root, remove_root, add_release, remove_release, add_pointer,
      remove_pointer, drop_release, drop_pointer;
};

Result<void> read_into(std::vector<PublicKey>& into, const std::vector<std::string>& from) {
  auto keys = read_keys(from);
  if (!keys) return keys.error();
  into = std::move(*keys);
  return {};
}

Result<RootChanges> rotate_changes(const RotateArguments& arguments) {
  auto changes = to_changes(arguments.root);
  if (!changes) return changes;
  for (const auto& [into, from] :
       {std::pair(&changes->root.add, &arguments.add_root),
        std::pair(&changes->root.remove, &arguments.remove_root),
        std::pair(&changes->release.add, &arguments.add_release),
        std::pair(&changes->release.remove, &arguments.remove_release),
        std::pair(&changes->pointer.add, &arguments.add_pointer),
        std::pair(&changes->pointer.remove, &arguments.remove_pointer)}) {
    if (auto done = read_into(*into, *from); !done) return done.error();
  }
  changes->drop_release = arguments.drop_release;
  changes->drop_pointer = arguments.drop_pointer;
  return changes;
}

int rotate(const RotateArguments& arguments) {
  const auto changes = rotate_changes(arguments);
  if (!changes) return fail(kRotate, changes.error());
  const auto from = read_base(arguments.from);
  if (!from) return fail(kRotate, from.error().in("--from"));
  const auto next = next_root(from->root, *changes, system_clock().wall());
  if (!next) return fail(kRotate, next.error());
  return write_draft(kRotate, arguments.root.out, *next, &from->root);
}

struct RevokeArguments {
  std::string from, key, instead, out, expires = "2y";
};

int revoke(const RevokeArguments& arguments) {
  const auto from = read_base(arguments.from);
  if (!from) return fail(kRevoke, from.error().in("--from"));
  const auto key = read_key(arguments.key);
  if (!key) return fail(kRevoke, key.error());
  std::optional<PublicKey> instead;
  if (!arguments.instead.empty()) {
    const auto other = read_key(arguments.instead);
    if (!other) return fail(kRevoke, other.error().in("--instead"));
    instead = *other;
  }
  const auto lifetime = parse_lifetime(arguments.expires);
  if (!lifetime) return fail(kRevoke, lifetime.error().in("--expires"));
  const auto next = revoke_key(from->root, *key, instead, *lifetime, system_clock().wall());
  if (!next) return fail(kRevoke, next.error());
  return write_draft(kRevoke, arguments.out, *next, &from->root);
}

constexpr const char* kFromHelp = "The document that is current, or the single key before any";

}  // namespace

void add_trust_rotate(CLI::App& group, int& exit) {
  auto arguments = std::make_shared<RotateArguments>();
  CLI::App* verb = group.add_subcommand("rotate", "Make the draft of the next root document");
  verb->footer(
      "Must be signed by the threshold of --from and by its own. What is not named stays.\n"
      "Example:\n  plasmd trust rotate --from 2.root.dsse --out 3.root.dsse --remove-pointer-key "
      "old.pub --add-pointer-key new.pub");
  verb->add_option("--from", arguments->from, kFromHelp)->required();
  add_root_options(*verb, arguments->root);
  const auto list = [&](const char* name, std::vector<std::string>& into, const char* what) {
    verb->add_option(name, into, what)->allow_extra_args(false);
  };
  list("--add-root-key", arguments->add_root, "One key more");
  list("--remove-root-key", arguments->remove_root, "One key less");
  list("--add-release-key", arguments->add_release, "One key more for what no grant names");
  list("--remove-release-key", arguments->remove_release, "One key less for what no grant names");
  list("--add-pointer-key", arguments->add_pointer, "One key more for what no grant names");
  list("--remove-pointer-key", arguments->remove_pointer, "One key less for what no grant names");
  list("--drop-release-grant", arguments->drop_release, "SCOPE of a grant that goes");
  list("--drop-pointer-grant", arguments->drop_pointer, "SCOPE of a grant that goes");
  verb->callback([arguments, verb, &exit] {
    arguments->root.counter_given = verb->count("--counter") > 0;
    exit = rotate(*arguments);
  });
}

void add_trust_revoke(CLI::App& group, int& exit) {
  auto arguments = std::make_shared<RevokeArguments>();
  CLI::App* verb = group.add_subcommand(
      "revoke", "Make the draft of the next root document without a key that was lost or stolen");
  verb->footer(
      "Takes KEY out of every role; refuses where a role could not meet its threshold any more.\n"
      "Example:\n  plasmd trust revoke --from 2.root.dsse carol.pub --instead dora.pub --out "
      "3.root.dsse");
  verb->add_option("key", arguments->key, "Public key or .pub file")->required();
  verb->add_option("--from", arguments->from, kFromHelp)->required();
  verb->add_option("--instead", arguments->instead, "The key that takes its place in every role");
  verb->add_option("--out", arguments->out, "File for the draft; never over another one")->required();
  verb->add_option("--expires", arguments->expires, "12h, 90d, 2w, 1y or never")
      ->capture_default_str();
  verb->callback([arguments, &exit] { exit = revoke(*arguments); });
}

}  // namespace phase::node
