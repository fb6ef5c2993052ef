// phase-hostile-lan: a neighbour (neighbour.h) that takes connections, says that it has everything, and
// delivers nothing.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstring>

#include "sim/guarded_main.h"
#include "sim/hostile/neighbour.h"
#include "sim/hostile/peer_wire.h"
#include "sim/hostile/program.h"
#include "sim/hostile/victim.h"
#include "sim/stranger.h"

namespace phase::sim {
namespace {

struct Options {
  std::string kind, listen, release;
};

/// To everybody on the link of `from`, as multicast DNS wants it (RFC 6762 5.1, 11).
Result<Fd> open_multicast(const Endpoint& from) {
  Fd out(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(5353);
  in_addr own{};
  std::memcpy(&own, from.address.data(), sizeof own);
  const int yes = 1;
  const unsigned char hops = 255;
  ::setsockopt(out.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  ::setsockopt(out.get(), IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof hops);
  ::setsockopt(out.get(), IPPROTO_IP, IP_MULTICAST_IF, &own, sizeof own);
  if (::bind(out.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    return {ErrorCode::kPortInUse, std::string("port 5353: ") + std::strerror(errno)};
  }
  at.sin_addr.s_addr = inet_addr("224.0.0.251");
  if (::connect(out.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    return {ErrorCode::kNetwork, std::string("224.0.0.251: ") + std::strerror(errno)};
  }
  return out;
}

/// Has everything and sends nothing of it: whoever asks waits for the answer.
void keep_waiting(const Victim& victim, const Bytes& id, const std::string& name, Tally& tally) {
  std::array<std::uint8_t, 68> theirs{};
  if (!victim.read(theirs.data(), theirs.size())) return;
  Bytes hello = handshake_answer(theirs, id);
  for (const PeerMessage number : {kHaveAll, kUnchoke}) {
    const Bytes message = peer_message(number, {});
    hello.insert(hello.end(), message.begin(), message.end());
  }
  if (!victim.send(hello)) return;
  tally.add(name);
  victim.wait_until_closed();
}

Result<void> run(const Options& options, HostileProgram& program) {
  const auto kind = parse_neighbour_kind(options.kind);
  if (!kind) return {ErrorCode::kUsage, options.kind + ": no such kind of neighbour"};
  const auto at = parse_endpoints({options.listen});
  if (!at) return at.error();
  const NeighbourClaim claim{*kind, (*at)[0], options.release};
  auto listening = listen_for_victims(claim.at, [&](const Victim& victim) {
    keep_waiting(victim, Chance(program.rng_seed() + victim.number()).bytes(20), options.kind,
                 program.tally());
  });
  if (!listening) return listening;
  const auto link = open_multicast(claim.at);
  if (!link) return link.error();
  std::uint64_t round = 0;
  program.attack_until_ended([&] {
    for (const std::string& datagram : neighbour_says(claim, round++)) {
      const auto sent = ::send(link->get(), datagram.data(), datagram.size(), 0);
      if (sent == static_cast<ssize_t>(datagram.size())) program.tally().add("claims");
    }
  });
}

}  // namespace
}  // namespace phase::sim

namespace {

int start(int argc, char** argv) {
  CLI::App app("A hostile neighbour", "phase-hostile-lan");
  phase::sim::Options options;
  app.add_option("--kind", options.kind, "silent, many, flitting")->required();
  app.add_option("--listen", options.listen, "ADDRESS:PORT where it takes connections")->required();
  app.add_option("--release", options.release, "KEY-ID/CHANNEL/ARCHITECTURE/VERSION that it claims")
      ->required();
  return phase::sim::run_hostile(argc, argv, app, [&](phase::sim::HostileProgram& program) {
    return phase::sim::run(options, program);
  });
}

}  // namespace

int main(int argc, char** argv) { return phase::sim::guarded_main(argc, argv, start); }
