// phase-hostile-dhcp: a DHCP server that answers everybody, with the options of dhcp_options.h.
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <sstream>
#include <thread>

#include "proto/endpoint.h"
#include "proto/fd.h"
#include "sim/guarded_main.h"
#include "sim/hostile/dhcp_options.h"
#include "sim/hostile/program.h"

namespace phase::sim {
namespace {

struct Options {
  std::string interface, server, lease, command = "true";
  bool lie_about_lease = false;
};

Result<Fd> open_socket(const std::string& interface) {
  Fd out(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(67);
  ::setsockopt(out.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  ::setsockopt(out.get(), SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes);
  if (::setsockopt(out.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.data(),
                   static_cast<socklen_t>(interface.size())) != 0 ||
      ::bind(out.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
    return Error{ErrorCode::kNetwork, interface + ": " + std::strerror(errno)};
  }
  return out;
}

[[noreturn]] void answer_all(const Fd& socket, const DhcpLies& lies, std::uint64_t rng_seed,
                             Tally& tally) {
  Chance chance(rng_seed);
  std::array<std::uint8_t, 2048> bytes{};
  for (;;) {
    const auto got = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
    if (got <= 0) continue;
    const auto request = read_dhcp(ByteView(bytes.data(), static_cast<std::size_t>(got)));
    if (!request) continue;
    std::string kinds;
    const auto answer = write_dhcp_lie(*request, lies, chance, kinds);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(68);
    to.sin_addr.s_addr = INADDR_BROADCAST;
    if (::sendto(socket.get(), answer.data(), answer.size(), 0,
                 reinterpret_cast<const sockaddr*>(&to), sizeof to) < 0) {
      continue;
    }
    std::istringstream each(kinds);
    for (std::string kind; std::getline(each, kind, ',');) tally.add(kind);
    tally.add("answer");
  }
}

Result<void> run(const Options& options, HostileProgram& program) {
  const auto server = parse_address(options.server, 67);
  const auto lease = parse_address(options.lease, 68);
  if (!server || !lease) return {ErrorCode::kUsage, "--server and --lease are IPv4 addresses"};
  DhcpLies lies;
  std::copy_n(server->address.begin(), 4, lies.server.begin());
  std::copy_n(lease->address.begin(), 4, lies.leased.begin());
  lies.lease_is_true = !options.lie_about_lease;
  lies.command = options.command;
  auto socket = open_socket(options.interface);
  if (!socket) return socket.error();
  std::thread([&] { answer_all(*socket, lies, program.rng_seed(), program.tally()); }).detach();
  program.attack_until_ended();
}

}  // namespace
}  // namespace phase::sim

namespace {

int start(int argc, char** argv) {
  CLI::App app("A DHCP server whose options are attacks", "phase-hostile-dhcp");
  phase::sim::Options options;
  app.add_option("--interface", options.interface, "where it listens")->required();
  app.add_option("--server", options.server, "its address")->required();
  app.add_option("--lease", options.lease, "the address that it gives out")->required();
  app.add_option("--command", options.command, "what its strings try to have run");
  app.add_flag("--lie-about-lease", options.lie_about_lease, "no usable lease comes of it");
  return phase::sim::run_hostile(argc, argv, app, [&](phase::sim::HostileProgram& program) {
    return phase::sim::run(options, program);
  });
}

}  // namespace

int main(int argc, char** argv) { return phase::sim::guarded_main(argc, argv, start); }
