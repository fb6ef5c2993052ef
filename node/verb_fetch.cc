#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "boot/cache/cache.h"
#include "boot/fetch_text.h"
#include "node/network_options.h"
#include "node/progress_line.h"
#include "node/run_fetch.h"
#include "node/verbs.h"
#include "proto/names.h"

namespace phase::node {
namespace {

constexpr const char* kVerb = "fetch";

std::atomic<bool> g_cancelled = false;  // a signal handler has no other way to say it
extern "C" void on_signal(int) { g_cancelled.store(true); }

nlohmann::ordered_json report_json(const FetchResult& result) {
  nlohmann::ordered_json json{{"ok", result.outcome.ok()}};
  if (result.outcome) {
    const Manifest& manifest = result.outcome->manifest.manifest;
    json["channel"] = manifest.channel;
    json["arch"] = manifest.arch;
    json["version"] = manifest.release_version;
    json["signed_by"] = result.outcome->manifest.signed_by;
    json["newer_roots"] = result.outcome->roots.size();
    json["folder"] = result.outcome->folder;
  } else {
    json["error"] = {{"name", error_name(result.outcome.error().code)},
                     {"detail", result.outcome.error().detail}};
  }
  for (const boot::StageTime& stage : result.report.stages) {
    json["stages"].push_back({{"stage", boot::stage_name(stage.stage)}, {"seconds", stage.seconds}});
  }
  for (const dht::PeerAccount& peer : result.report.sources) {
    json["sources"].push_back({{"peer", peer.peer.text()},
                               {"how", boot::how_learned(peer)},
                               {"bytes", peer.received},
                               {"bad_pieces", peer.bad_pieces},
                               {"banned", peer.banned}});
  }
  json["from_cache"] = result.report.from_cache;
  json["reused"] = result.report.reused;
  json["path"] = result.report.path;
  json["refusals"] = result.report.refusals;
  json["wasted"] = result.report.wasted;
  return json;
}

void print_summary(const boot::AcquireReport& report) {
  for (const boot::StageTime& stage : report.stages) {
    std::fprintf(stderr, "%-10s %7.3f s\n", boot::stage_name(stage.stage), stage.seconds);
  }
  for (const std::string& line : boot::summary_lines(report)) std::fprintf(stderr, "%s\n", line.c_str());
}

/// Named by a person, so that anything wrong with it is an error.
Result<std::optional<boot::Cache>> open_cache(const std::string& folder, boot::Mode mode) {
  if (folder.empty()) return std::optional<boot::Cache>();
  const boot::ModePolicy& policy = boot::policy_of(mode);
  if (!policy.cache) {
    return Error{ErrorCode::kUsage, std::string("--cache: mode ") + boot::mode_name(mode) +
                                        " leaves every cache alone"};
  }
  const auto use = policy.write_cache ? boot::CacheUse::kWrite : boot::CacheUse::kRead;
  auto cache = boot::Cache::open(folder, use);
  if (!cache) return cache.error().in("--cache " + folder);
  return std::optional<boot::Cache>(std::move(*cache));
}

/// The release is there; that it could not be kept as well is worth a line.
void keep(boot::Cache& cache, const boot::Acquired& acquired) {
  const auto added = cache.add({acquired.folder, acquired.torrent, acquired.pointer, acquired.roots},
                               system_clock().wall(), {});
  if (!added) std::fprintf(stderr, "not kept in the cache: %s\n", added.error().detail.c_str());
}

struct Arguments {
  std::string trust, channel = "stable", arch = "x86_64", out, cache;
  std::vector<std::string> providers;
  NetworkArguments network;
  std::uint64_t min_version = 0;
  unsigned timeout = 0, provider_timeout = 60;
  bool json = false;
};

Result<FetchOptions> to_options(const Arguments& arguments) {
  FetchOptions options;
  auto policy = load_trust(arguments.trust);
  if (!policy) return policy.error();
  auto channel = check_channel(arguments.channel);
  if (!channel) return channel.error();
  auto arch = normalise_arch(arguments.arch);
  if (!arch) return arch.error();
  auto network = parse_network(arguments.network);
  if (!network) return network.error();
  std::error_code failed;
  std::filesystem::create_directories(arguments.out, failed);
  if (failed) return Error{ErrorCode::kStore, arguments.out + ": " + failed.message()};
  options.policy = std::move(*policy);
  options.channel = *channel;
  options.arch = *arch;
  options.folder = arguments.out;
  options.min_version = arguments.min_version;
  options.provider_urls = arguments.providers;
  options.bootstrap = network->bootstrap;
  options.use_dht = network->use_dht;
  options.use_lan = network->use_lan;
  options.mode = network->mode;
  options.proxy = network->proxy;
  options.network = network->kind;
  options.timeout = std::chrono::seconds(arguments.timeout);
  options.provider_timeout = std::chrono::seconds(arguments.provider_timeout);
  return options;
}

int run(const Arguments& arguments) {
  auto options = to_options(arguments);
  if (!options) return fail(kVerb, options.error());
  auto cache = open_cache(arguments.cache, options->mode);
  if (!cache) return fail(kVerb, cache.error());
  if (*cache) {
    options->cache = &**cache;
    options->min_version = std::max(
        options->min_version, (*cache)->floor(options->policy, options->channel, options->arch));
  }
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  ProgressLine line(system_clock(), STDERR_FILENO);
  const FetchResult result = run_fetch(*options, system_clock(), g_cancelled, line);
  line.end_line();
  if (!arguments.json) print_summary(result.report);
  int code = 0;
  if (arguments.json) code = print(kVerb, report_json(result).dump(2) + "\n");
  if (!result.outcome) return fail(kVerb, result.outcome.error());
  const boot::Acquired& acquired = *result.outcome;
  if (*cache && boot::policy_of(options->mode).write_cache) keep(**cache, acquired);
  if (code != 0 || arguments.json) return code;
  return print(kVerb, "fetched channel=" + acquired.manifest.manifest.channel +
                          " arch=" + acquired.manifest.manifest.arch + " version=" +
                          std::to_string(acquired.manifest.manifest.release_version) +
                          " folder=" + acquired.folder + "\n");
}

}  // namespace

void add_fetch(CLI::App& app, int& exit) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* verb = app.add_subcommand(
      kVerb, "Fetch and verify a channel's newest release, as a booting machine does");
  verb->footer(
      "Example:\n  plasmd fetch --trust phase.pub --channel stable --arch x86_64 --out /srv/boot \\\n"
      "      --bootstrap 192.0.2.1:6881\nThe release lands in OUT/<release name>/; run it again to "
      "resume or to get a newer one.");
  verb->add_option("--trust", arguments->trust, "Public key, key file or trust file")->required();
  verb->add_option("--channel", arguments->channel, "Channel")->capture_default_str();
  verb->add_option("--arch", arguments->arch, "x86_64 or aarch64")->capture_default_str();
  verb->add_option("--out", arguments->out, "Folder for the release")->required();
  verb->add_option("--provider", arguments->providers, "http://HOST:PORT of a provider to ask as well");
  verb->add_option("--cache", arguments->cache,
                   "Folder of a cache: read first, and what was fetched is kept there "
                   "(plasmd cache init makes one)");
  verb->add_option("--min-version", arguments->min_version, "Refuse an older release");
  verb->add_option("--timeout", arguments->timeout, "Seconds for the whole fetch; 0: no limit");
  verb->add_option("--provider-timeout", arguments->provider_timeout,
                   "Seconds until a release that nobody delivers is given up")
      ->capture_default_str();
  verb->add_flag("--json", arguments->json, "Print the report as JSON");
  add_network_options(*verb, arguments->network);
  add_mode_options(*verb, arguments->network, true);
  verb->callback([arguments, &exit] { exit = run(*arguments); });
}

}  // namespace phase::node
