// One node on the LAN and nothing else: prints what Lan reports, each line with the milliseconds
// since Lan was started. SIGUSR1 publishes the next version, SIGUSR2 withdraws, SIGTERM ends.
//   phase-lan-node PROGRAMS [--instance NAME] [--publish PEER_PORT HTTP_PORT] [--no-daemon]
//                  [--daemon-pause MS]
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "dht/lan/lan.h"

namespace {

using namespace phase;
using Clock = std::chrono::steady_clock;

std::string text(const dht::LanNode& node) {
  std::string out = "'" + node.instance + "' peer " + std::to_string(node.service.peer_port) +
                    " http " + std::to_string(node.service.http_port) + " at";
  for (const auto& address : node.addresses) out += " " + address.host();
  for (const auto& release : node.service.releases) {
    out += " " + release.key_id + "/" + release.channel + "/" + release.arch + "/" +
           std::to_string(release.version);
  }
  return out;
}

struct Printer {
  Clock::time_point started;
  void line(const std::string& what) const {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started);
    std::printf("%lld ms %s\n", static_cast<long long>(ms.count()), what.c_str());
    std::fflush(stdout);
  }
  void operator()(const dht::LanFound& event) const { line("found " + text(event.node)); }
  void operator()(const dht::LanGone& event) const { line("gone '" + event.instance + "'"); }
  void operator()(const dht::LanBrowsed& /*event*/) const { line("browsed"); }
  void operator()(const dht::LanRegistered& event) const {
    line("registered '" + event.instance + "' by " + event.by);
  }
  void operator()(const dht::LanNote& event) const { line("note " + event.text); }
};

struct Arguments {
  dht::LanOptions options;
  std::optional<dht::LanService> service;
};

Arguments parse(int argc, char** argv) {
  Arguments out;
  out.options.programs = argc > 1 ? argv[1] : "";
  for (int i = 2; i < argc; ++i) {
    const std::string option = argv[i];
    const auto next = [&] { return i + 1 < argc ? argv[++i] : ""; };
    if (option == "--instance") out.options.instance = next();
    if (option == "--no-daemon") out.options.use_daemon = false;
    if (option == "--daemon-pause") {
      out.options.daemon_pause = std::chrono::milliseconds(std::atoi(next()));
    }
    if (option == "--publish") {
      const auto peer = static_cast<std::uint16_t>(std::atoi(next()));
      const auto http = static_cast<std::uint16_t>(std::atoi(next()));
      out.service = dht::LanService{peer, http, {{"0123456789abcdef", "stable", "x86_64", 1}}};
    }
  }
  return out;
}

int run(Arguments arguments) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGUSR1, SIGUSR2, SIGTERM}) sigaddset(&signals, number);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int told = signalfd(-1, &signals, SFD_CLOEXEC);
  const int woken = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const Printer printer{Clock::now()};
  auto lan = dht::Lan::start(arguments.options, [woken] { eventfd_write(woken, 1); });
  if (!lan) {
    std::fprintf(stderr, "%s\n", lan.error().detail.c_str());
    return exit_code(lan.error().code);
  }
  if (arguments.service) (*lan)->publish(arguments.service);
  while (true) {
    pollfd both[] = {{woken, POLLIN, 0}, {told, POLLIN, 0}};
    poll(both, 2, -1);
    eventfd_t count = 0;
    (void)eventfd_read(woken, &count);
    for (const auto& event : (*lan)->take()) std::visit(printer, event);
    if (both[1].revents == 0) continue;
    signalfd_siginfo signal{};
    if (read(told, &signal, sizeof signal) != sizeof signal) return 1;
    if (signal.ssi_signo == SIGTERM) break;
    if (signal.ssi_signo == SIGUSR1 && arguments.service) {
      ++arguments.service->releases.front().version;
      (*lan)->publish(arguments.service);
    }
    if (signal.ssi_signo == SIGUSR2) (*lan)->publish(std::nullopt);
  }
  lan->reset();
  printer.line("ended");
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return run(parse(argc, argv)); }
