#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "node/discover.h"
#include "node/network_options.h"
#include "node/status.h"
#include "node/trust_show.h"
#include "node/verbs.h"
#include "proto/names.h"

namespace phase::node {
namespace {

constexpr const char* kVerb = "discover";

struct Arguments {
  std::string trust, channel = "stable", arch = "x86_64";
  NetworkArguments network;
  unsigned seconds = 5;
  bool json = false;
};

/// A folder that goes when this does.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "plasmd-discover-XXXXXX").string();
    if (::mkdtemp(path.data()) != nullptr) path_ = path;
  }
  ~TemporaryFolder() {
    std::error_code ignored;  // nothing is lost with a temporary file that stays
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

nlohmann::ordered_json to_json(const Discovered& found) {
  nlohmann::ordered_json json{{"ok", !found.error.has_value()}};
  if (!found.root.root.keys.empty()) json["root"] = nlohmann::ordered_json::parse(root_json(found.root));
  if (found.pointer) {
    nlohmann::ordered_json salts = nlohmann::ordered_json::array();
    for (const SignedItem& item : found.items) salts.push_back(item.salt);
    json["pointer"] = {{"version", found.pointer->release_version},
                       {"seq", found.items.empty() ? 0 : found.items.front().seq},
                       {"expires", found.pointer->expires},
                       {"infohash_v1", to_hex(found.pointer->infohash_v1)},
                       {"infohash_v2", to_hex(found.pointer->infohash_v2)},
                       {"manifest_sha256", to_hex(found.pointer->manifest_sha256)},
                       {"salts", salts},
                       {"seconds", found.pointer_seconds}};
  }
  json["providers"] = nlohmann::ordered_json::array();
  for (const Endpoint& peer : found.providers) json["providers"].push_back(peer.text());
  if (!found.providers.empty()) json["first_provider_seconds"] = found.first_provider_seconds;
  json["lan"] = nlohmann::ordered_json::array();
  for (const dht::LanNode& node : found.lan) json["lan"].push_back(nlohmann::ordered_json::parse(lan_node_json(node)));
  if (found.manifest) {
    json["signed_by"] = found.manifest->signed_by;
    json["manifest"] = nlohmann::ordered_json::parse(manifest_json(found.manifest->manifest));
  }
  if (found.error) {
    json["error"] = {{"name", error_name(found.error->code)}, {"detail", found.error->detail}};
  }
  return json;
}

std::string to_text(const Discovered& found) {
  std::ostringstream out;
  out.precision(3);
  out << std::fixed;
  if (!found.root.root.keys.empty()) {
    out << "root       version " << found.root.version << ", "
        << found.root.pointer.size() << " pointer roles, " << found.root.release.size()
        << " release roles\n";
  }
  if (found.pointer) {
    out << "pointer    version " << found.pointer->release_version << ", " << found.items.size()
        << " of " << kPointerSalts << " salts, after " << found.pointer_seconds << " s\n"
        << "infohash   " << to_hex(found.pointer->infohash_v1) << " (v1)\n"
        << "           " << to_hex(found.pointer->infohash_v2) << " (v2)\n"
        << "manifest   " << to_hex(found.pointer->manifest_sha256) << " (SHA-256)\n";
  }
  for (const Endpoint& peer : found.providers) out << "provider   " << peer.text() << '\n';
  for (const dht::LanNode& node : found.lan) {
    out << "link       " << node.instance;
    for (const Endpoint& address : node.addresses) out << "  " << address.host();
    for (const dht::LanRelease& release : node.service.releases) {
      out << "\n           says that it has " << release.channel << '/' << release.arch << " version "
          << release.version << " of key " << release.key_id;
    }
    out << '\n';
  }
  if (found.manifest) {
    out << "signed by  " << found.manifest->signed_by << '\n';
    for (const Artifact& artifact : found.manifest->manifest.artifacts) {
      out << "artifact   " << artifact.name << "  " << artifact.size << " bytes  "
          << to_hex(artifact.sha256) << '\n';
    }
  }
  return out.str();
}

int run(const Arguments& arguments) {
  auto policy = load_trust(arguments.trust);
  if (!policy) return fail(kVerb, policy.error());
  auto channel = check_channel(arguments.channel);
  if (!channel) return fail(kVerb, channel.error());
  auto arch = normalise_arch(arguments.arch);
  if (!arch) return fail(kVerb, arch.error());
  auto network = parse_network(arguments.network);
  if (!network) return fail(kVerb, network.error());
  const TemporaryFolder folder;
  if (folder.path().empty()) return fail(kVerb, {ErrorCode::kStore, "no temporary folder"});

  FetchOptions options;
  options.policy = std::move(*policy);
  options.channel = *channel;
  options.arch = *arch;
  options.folder = folder.path();
  options.bootstrap = network->bootstrap;
  options.use_dht = network->use_dht;
  options.use_lan = network->use_lan;
  options.network = network->kind;
  const std::atomic<bool> never = false;
  const Discovered found = run_discover(options, system_clock(),
                                        std::chrono::seconds(arguments.seconds), never);
  const int printed =
      print(kVerb, arguments.json ? to_json(found).dump(2) + "\n" : to_text(found));
  if (found.error) return fail(kVerb, *found.error);
  return printed;
}

}  // namespace

void add_discover(CLI::App& app, int& exit) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(
      kVerb, "What the network holds of a channel: pointer, hashes, providers, manifest");
  verb->footer("Example:\n  plasmd discover --trust phase.pub --bootstrap 192.0.2.1:6881 --json");
  verb->add_option("--trust", arguments->trust, "Public key, key file or trust file")->required();
  verb->add_option("--channel", arguments->channel, "Channel")->capture_default_str();
  verb->add_option("--arch", arguments->arch, "x86_64 or aarch64")->capture_default_str();
  verb->add_option("--seconds", arguments->seconds, "How long to look")
      ->capture_default_str()
      ->check(CLI::Range(1, 600));
  verb->add_flag("--json", arguments->json, "Print JSON");
  add_network_options(*verb, arguments->network);
  verb->callback([arguments, &exit] { exit = run(*arguments); });
}

}  // namespace phase::node
