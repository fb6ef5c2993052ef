#include <CLI/CLI.hpp>
#include <memory>

#include "node/files.h"
#include "node/inspect.h"
#include "node/network_options.h"
#include "node/verbs.h"

namespace phase::node {
namespace {

constexpr const char* kVerb = "inspect";

int run(const std::string& path, const std::string& trust) {
  std::optional<TrustPolicy> policy;
  if (!trust.empty()) {
    auto loaded = load_trust(trust);
    if (!loaded) return fail(kVerb, loaded.error());
    policy = std::move(*loaded);
  }
  const auto document = real_files().read_file(path, kMaxInspected);
  if (!document) return fail(kVerb, document.error());
  const auto seen = inspect(*document, policy ? &*policy : nullptr);
  if (!seen) return fail(kVerb, seen.error().in(path));
  const int printed = print(kVerb, seen->json);
  if (printed != 0 || !seen->error) return printed;
  return fail(kVerb, seen->error->in(path));
}

}  // namespace

void add_inspect(CLI::App& app, int& exit) {
  auto path = std::make_shared<std::string>();
  auto trust = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(true);
  CLI::App* verb = app.add_subcommand(
      kVerb, "Print a manifest, pointer, torrent, trust file or key: signed by whom, valid or not");
  verb->footer(
      "Prints JSON. Exit code 0 only where every signature that can be checked holds.\n"
      "Example:\n  plasmd inspect --trust phase.pub /srv/store/releases/phase-stable-x86_64-7-0123abcd/manifest.dsse");
  verb->add_option("file", *path, "The document")->required();
  verb->add_option("--trust", *trust, "Public key, .pub file or trust file to check it against");
  verb->add_flag("--json", *json, "Print JSON; this verb always does");
  verb->callback([path, trust, json, &exit] { exit = run(*path, *trust); });
}

}  // namespace phase::node
