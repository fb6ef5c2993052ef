#include <CLI/CLI.hpp>
#include <memory>

#include "node/trust_files.h"
#include "node/trust_verbs.h"
#include "node/verbs.h"
#include "proto/ports.h"

namespace phase::node {
namespace {

constexpr const char* kVerb = "trust init";

struct Arguments {
  RootArguments root;
  std::string grow;
};

/// Who is not named does what the root keys do, so that small groups need few words.
void fill_in(RootChanges& changes) {
  if (changes.release.set.empty() && changes.release_grants.empty()) {
    changes.release.set = changes.root.set;
    if (!changes.release.threshold) changes.release.threshold = changes.root.threshold;
  }
}

int run(const Arguments& arguments) {
  auto changes = to_changes(arguments.root);
  if (!changes) return fail(kVerb, changes.error());
  const WallTime now = system_clock().wall();
  if (arguments.grow.empty()) {
    if (changes->root.set.empty())
      return fail(kVerb, {ErrorCode::kUsage, "name at least one --root-key"});
    if (changes->pointer.set.empty() && changes->pointer_grants.empty())
      return fail(kVerb, {ErrorCode::kUsage, "name a --pointer-key: the one that publishes"});
    fill_in(*changes);
    const auto root = first_root(*changes, now);
    return root ? write_draft(kVerb, arguments.root.out, *root, nullptr) : fail(kVerb, root.error());
  }
  const auto key = read_key(arguments.grow);
  if (!key) return fail(kVerb, key.error().in("--grow"));
  if (!changes->root.set.empty()) fill_in(*changes);
  const Root alone = virtual_root(*key);
  const auto root = next_root(alone, *changes, now);
  return root ? write_draft(kVerb, arguments.root.out, *root, &alone) : fail(kVerb, root.error());
}

}  // namespace

void add_trust_init(CLI::App& group, int& exit) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = group.add_subcommand("init", "Make the draft of a first root document");
  verb->footer(
      "With --grow the document is version 2 of a single key that machines trust already\n"
      "(phase.key=): they follow it by themselves. That key must sign it too.\n"
      "Release keys are the root keys where none is named.\nExamples:\n"
      "  plasmd trust init --out 1.root.dsse --root-key alice.pub --root-key bob.pub "
      "--root-threshold 2 \\\n      --pointer-key publish.pub\n"
      "  plasmd trust init --out 2.root.dsse --grow phase.pub --root-key alice.pub \\\n"
      "      --root-key bob.pub --root-key carol.pub --root-threshold 2 "
      "--release-grant 'stable=2:alice.pub,bob.pub,carol.pub'");
  add_root_options(*verb, arguments->root);
  verb->add_option("--grow", arguments->grow, "The single key that machines in the field trust");
  verb->callback([arguments, verb, &exit] {
    arguments->root.counter_given = verb->count("--counter") > 0;
    exit = run(*arguments);
  });
}

}  // namespace phase::node
