// phase-hostile-http: an HTTP provider that lies. Asked for /<lie>/…, it answers with that lie of
// http_lies.h; asked for /seed-<lie>/…, it relays pointer and .torrent as they are and lies as a
// web seed; /replay-<n>/… and its likes show older releases (http_store.h); /truth/… is honest, so
// that a test can tell a lie from a server that does not work.
#include <CLI/CLI.hpp>
#include <iostream>

#include "sim/guarded_main.h"
#include "sim/hostile/http_lies.h"
#include "sim/hostile/http_store.h"
#include "sim/hostile/program.h"
#include "sim/stranger.h"

namespace phase::sim {
namespace {

struct Options {
  std::string listen, releases;
  ReleaseFiles newest;
  std::vector<std::string> older_pointers, older_torrents;
  bool list = false;
};

void serve(const HttpStore& store, const Victim& victim, std::uint64_t rng_seed, Tally& tally) {
  Chance chance(rng_seed * 1'000'003 + victim.number());
  HttpRequest request;
  if (!read_request(victim, request)) return;
  if (const auto old = store.replay(request)) {
    if (tell_truth(*old, victim)) tally.add(request.manner);
    return;
  }
  const HttpTruth truth = store.truth(request);
  constexpr std::string_view kSeed = "seed-";
  const bool as_seed = request.manner.starts_with(kSeed);
  const std::string name = as_seed ? request.manner.substr(kSeed.size()) : request.manner;
  const bool lies = !as_seed || request.path.starts_with("/release/");
  if (!lies || !lie(name, truth, victim, chance, tally)) (void)tell_truth(truth, victim);
}

Result<void> run(const Options& options, HostileProgram& program) {
  if (options.list) {
    for (const auto& name : http_lie_names()) std::cout << name << "\n";
    return {};
  }
  const auto at = parse_endpoints({options.listen});
  if (!at) return at.error();
  if (options.older_pointers.size() != options.older_torrents.size()) {
    return {ErrorCode::kUsage, "each --older-pointer has its --older-torrent"};
  }
  std::vector<ReleaseFiles> older;
  for (std::size_t i = 0; i < options.older_pointers.size(); ++i) {
    older.push_back({options.older_pointers[i], options.older_torrents[i]});
  }
  const HttpStore store(options.newest, std::move(older), options.releases);
  auto listening = listen_for_victims((*at)[0], [&](const Victim& victim) {
    serve(store, victim, program.rng_seed(), program.tally());
  });
  if (!listening) return listening;
  program.attack_until_ended();
}

}  // namespace
}  // namespace phase::sim

namespace {

int start(int argc, char** argv) {
  CLI::App app("An HTTP provider that lies, as the first part of the path says",
               "phase-hostile-http");
  phase::sim::Options options;
  app.add_option("--listen", options.listen, "ADDRESS:PORT");
  app.add_option("--pointer", options.newest.pointer, "what /pointer/… would truly be");
  app.add_option("--torrent", options.newest.torrent, "what …/release.torrent would truly be");
  app.add_option("--releases", options.releases, "folder behind /release/");
  app.add_option("--older-pointer", options.older_pointers,
                 "the same of older releases, the oldest first");
  app.add_option("--older-torrent", options.older_torrents, "each one's");
  app.add_flag("--list", options.list, "prints the names of all lies");
  return phase::sim::run_hostile(argc, argv, app, [&](phase::sim::HostileProgram& program) {
    return phase::sim::run(options, program);
  });
}

}  // namespace

int main(int argc, char** argv) { return phase::sim::guarded_main(argc, argv, start); }
