#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "node/store.h"
#include "node/verbs.h"
#include "proto/utc.h"

namespace phase::node {
namespace {

constexpr const char* kVerb = "list";

nlohmann::ordered_json to_json(const Store& store) {
  nlohmann::ordered_json json{{"store", store.path()},
                              {"releases", nlohmann::ordered_json::array()},
                              {"left_out", store.left_out()}};
  json["chains"] = nlohmann::ordered_json::array();
  for (const StoredChain& chain : store.chains()) {
    json["chains"].push_back({{"folder", chain.folder},
                              {"version", chain.current().version},
                              {"expires", chain.current().expires.seconds},
                              {"documents", chain.documents.size()}});
  }
  for (const StoredRelease& release : store.releases()) {
    json["releases"].push_back({{"publisher", release.publisher.hex()},
                                {"channel", release.channel},
                                {"arch", release.arch},
                                {"version", release.manifest.release_version},
                                {"current", release.current},
                                {"created", release.manifest.created.seconds},
                                {"expires", release.manifest.expires.seconds},
                                {"bytes", release.manifest.total_bytes()},
                                {"name", release.name},
                                {"folder", release.folder}});
  }
  return json;
}

std::string to_text(const Store& store) {
  std::ostringstream out;
  for (const StoredRelease& release : store.releases()) {
    out << release.channel << '/' << release.arch << "  version "
        << release.manifest.release_version << (release.current ? "" : "  (previous)") << "  "
        << release.manifest.total_bytes() << " bytes  key " << release.publisher.hex() << '\n';
  }
  for (const StoredChain& chain : store.chains()) {
    const Root& root = chain.current();
    out << "trust " << chain.folder << "  root version " << root.version << "  expires "
        << (root.expires.seconds == 0 ? "never" : utc_text(root.expires)) << "  "
        << root.root.threshold << " of " << root.root.keys.size() << " root keys\n";
  }
  for (const std::string& line : store.left_out()) out << "left out: " << line << '\n';
  if (store.releases().empty()) out << "no release in " << store.path() << '\n';
  return out.str();
}

int run(const std::string& path, bool json) {
  auto store = Store::open(real_files(), {path.empty() ? default_store_path() : path, false});
  if (!store) return fail(kVerb, store.error());
  return print(kVerb, json ? to_json(**store).dump(2) + "\n" : to_text(**store));
}

}  // namespace

void add_list(CLI::App& app, int& exit) {
  auto path = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand(kVerb, "The releases that lie in a store");
  verb->footer("Example:\n  plasmd list -a /srv/store --json");
  verb->add_option("-a,--artifacts", *path, "Store; default: this platform's");
  verb->add_flag("--json", *json, "Print JSON");
  verb->callback([path, json, &exit] { exit = run(*path, *json); });
}

}  // namespace phase::node
