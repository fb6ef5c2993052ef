// phase-hostile-peer: a BitTorrent peer that announces a release and harms whoever fetches from it,
// in one of the ways of peer_attack.h.
#include <CLI/CLI.hpp>

#include "sim/guarded_main.h"
#include "sim/hostile/peer_attack.h"
#include "sim/hostile/program.h"
#include "sim/stranger.h"

namespace phase::sim {
namespace {

struct Options {
  std::string kind, torrent, folder, other_torrent, other_folder, spare, listen, bystander;
  std::vector<std::string> bootstrap;
};

Result<PeerAttack> make_attack(const Options& options, std::uint64_t rng_seed) {
  const auto kind = parse_peer_kind(options.kind);
  if (!kind) return Error{ErrorCode::kUsage, options.kind + ": no such kind of peer"};
  auto release = ReleaseCopy::open(options.torrent, options.folder);
  if (!release) return release.error();
  PeerAttack out{*kind, std::move(*release), {}, options.spare, rng_seed};
  if (!options.bystander.empty()) {
    const auto bystander = parse_address(options.bystander, 0);
    if (!bystander) return Error{ErrorCode::kUsage, options.bystander + ": no address"};
    out.bystander = *bystander;
  }
  if (!options.other_torrent.empty()) {
    auto other = ReleaseCopy::open(options.other_torrent, options.other_folder);
    if (!other) return other.error();
    out.other = std::move(*other);
  } else if (*kind == PeerKind::kSwap || *kind == PeerKind::kReplay) {
    return Error{ErrorCode::kUsage, options.kind + " needs --other-torrent and --other-folder"};
  }
  return out;
}

/// Announces from the port behind the peer's, where a DHT node of this program lives.
Result<Stranger> announce(const Endpoint& at, const ReleaseCopy& release,
                          const std::vector<Endpoint>& bootstrap,
                          const HostileProgram& program) {
  Endpoint node = at;
  ++node.port;
  auto stranger = Stranger::open(node, bootstrap);
  if (!stranger) return stranger;
  while (stranger->known_nodes() == 0) {
    for (const auto& known : bootstrap) stranger->add_node(known);
    if (program.ended(200)) return Error{ErrorCode::kCancelled, "ended before it was announced"};
  }
  stranger->announce(release.v1(), at.port);
  stranger->announce(release.v2_cut(), at.port);
  return stranger;
}

Result<void> run(const Options& options, HostileProgram& program) {
  const auto at = parse_endpoints({options.listen});
  if (!at) return at.error();
  const auto bootstrap = parse_endpoints(options.bootstrap);
  if (!bootstrap) return bootstrap.error();
  const auto attack = make_attack(options, program.rng_seed());
  if (!attack) return attack.error();
  auto listening = listen_for_victims((*at)[0], [&](const Victim& victim) {
    attack_as_peer(*attack, victim, program.tally());
  });
  if (!listening) return listening;
  auto node = announce((*at)[0], attack->release, *bootstrap, program);
  if (!node) return node.error();
  int rounds = 0;
  program.attack_until_ended([&] {
    // Announces are repeated: nodes that were not known at first are nearer.
    if (++rounds % 50 != 0) return;
    node->announce(attack->release.v1(), (*at)[0].port);
    node->announce(attack->release.v2_cut(), (*at)[0].port);
  });
}

}  // namespace
}  // namespace phase::sim

namespace {

int start(int argc, char** argv) {
  CLI::App app("A hostile BitTorrent peer", "phase-hostile-peer");
  phase::sim::Options options;
  app.add_option("--kind", options.kind, "corrupt, truncate, lie-length, stall, …")->required();
  app.add_option("--torrent", options.torrent, "of the release that is asked for")->required();
  app.add_option("--folder", options.folder, "its files")->required();
  app.add_option("--other-torrent", options.other_torrent, "of the release served instead");
  app.add_option("--other-folder", options.other_folder, "its files");
  app.add_option("--spare", options.spare, "a file that is served unharmed");
  app.add_option("--bystander", options.bystander, "address that is named as a peer's (pex-…)");
  app.add_option("--listen", options.listen, "ADDRESS:PORT; its DHT node has the next port")
      ->required();
  app.add_option("--bootstrap", options.bootstrap, "ADDRESS:PORT of a DHT node")->required();
  return phase::sim::run_hostile(argc, argv, app, [&](phase::sim::HostileProgram& program) {
    return phase::sim::run(options, program);
  });
}

}  // namespace

int main(int argc, char** argv) { return phase::sim::guarded_main(argc, argv, start); }
