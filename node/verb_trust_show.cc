#include <CLI/CLI.hpp>
#include <memory>

#include "node/store.h"
#include "node/trust_files.h"
#include "node/trust_show.h"
#include "node/trust_verbs.h"
#include "node/verbs.h"

namespace phase::node {
namespace {

constexpr const char* kVerb = "trust show";

struct Arguments {
  std::vector<std::string> documents;
  std::string store;
  bool json = false;
};

using Named = std::vector<NamedBase>;

Result<std::vector<Named>> rows(const Arguments& arguments) {
  std::vector<Named> all;
  if (!arguments.documents.empty()) {
    Named row;
    for (const std::string& path : arguments.documents) {
      auto base = read_base(path);
      if (!base) return base.error();
      row.push_back({path, std::move(*base), read_trust_file(path)});
    }
    all.push_back(std::move(row));
    return all;
  }
  auto store = Store::open(
      real_files(), {arguments.store.empty() ? default_store_path() : arguments.store, false});
  if (!store) return store.error();
  for (const StoredChain& chain : (*store)->chains()) {
    Named row{{chain.folder + "/base", chain.base}};
    for (std::size_t i = 0; i < chain.documents.size(); ++i) {
      const Root& root = chain.roots[i + 1];
      row.push_back({chain.folder + "/" + std::to_string(root.version) + ".root.dsse",
                     TrustBase{root, chain.documents[i]}});
    }
    all.push_back(std::move(row));
  }
  if (all.empty()) return {ErrorCode::kNotFound, (*store)->path() + " holds no root document"};
  return all;
}

int run(const Arguments& arguments) {
  const auto all = rows(arguments);
  if (!all) return fail(kVerb, all.error());
  int exit = 0;
  for (const Named& row : *all) {
    const auto shown = examine_roots(row);
    const int printed = print(kVerb, arguments.json ? roots_json(shown) : roots_text(shown));
    if (exit == 0) exit = printed;
    for (const ShownRoot& one : shown) {
      if (!one.error) continue;
      const int code = fail(kVerb, one.error->in(one.name));
      if (exit == 0) exit = code;
    }
  }
  return exit;
}

}  // namespace

void add_trust_show(CLI::App& group, int& exit) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = group.add_subcommand(
      "show", "Print root documents: roles, thresholds, signatures, each held against the one before");
  verb->footer(
      "Exit code 0 only where every document is signed by enough keys and is a correct step.\n"
      "Of a trust file it shows all else too: which kernel options pass unsigned, floors, mirrors.\n"
      "Examples:\n  plasmd trust show phase.pub 2.root.dsse 3.root.dsse\n"
      "  plasmd trust show -a /srv/store --json");
  verb->add_option("documents", arguments->documents, "Root documents, the oldest first; the first may be a key or a trust file");
  verb->add_option("-a,--artifacts", arguments->store, "Store whose chains are shown where no document is named");
  verb->add_flag("--json", arguments->json, "Print JSON");
  verb->callback([arguments, &exit] { exit = run(*arguments); });
}

}  // namespace phase::node
