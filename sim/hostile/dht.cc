// phase-hostile-dht: a crowd of DHT nodes on the ids nearest to given targets, which join a network
// and answer as dht_attack.h says.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <thread>

#include "proto/fd.h"
#include "sim/guarded_main.h"
#include "sim/hostile/dht_attack.h"
#include "sim/hostile/program.h"
#include "sim/hostile/socket_address.h"
#include "sim/stranger.h"

namespace phase::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxKnown = 256;
constexpr milliseconds kMeetEvery{1000};

struct Options {
  std::string listen, public_key, bogus_network;
  std::vector<std::string> items, targets, bootstrap;
  std::size_t bogus = 0;
  int per_target = 7;
  bool forge = false;
};

Result<Fd> open_socket(const Endpoint& at) {
  Fd out(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto address = to_socket(at);
  if (::bind(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error{ErrorCode::kPortInUse, at.text() + ": " + std::strerror(errno)};
  }
  return out;
}

Result<std::vector<SignedItem>> read_items(const Options& options) {
  std::vector<SignedItem> out;
  if (options.items.empty()) return out;
  const auto key = parse_public_key(options.public_key);
  if (!key) return key.error();
  for (const auto& path : options.items) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const auto items = decode_items(as_bytes(bytes), *key);
    if (!items) return items.error().in(path);
    out.insert(out.end(), items->begin(), items->end());
  }
  return out;
}

void add_target(std::vector<Sha1>& targets, const Sha1& target) {
  if (std::find(targets.begin(), targets.end(), target) == targets.end()) targets.push_back(target);
}

Result<DhtAttack> make_attack(const Options& options, std::uint64_t rng_seed) {
  DhtAttack out;
  out.per_target = options.per_target;
  out.forge = options.forge;
  out.rng_seed = rng_seed;
  auto items = read_items(options);
  if (!items) return items.error();
  out.replayed = std::move(*items);
  for (const auto& item : out.replayed) add_target(out.targets, item.target());
  for (const auto& text : options.targets) {
    const auto bytes = from_hex(text);
    const auto target = bytes ? exactly<20>(*bytes) : std::nullopt;
    if (!target) return Error{ErrorCode::kUsage, text + ": expected 40 hexadecimal digits"};
    add_target(out.targets, *target);
  }
  if (out.targets.empty()) return Error{ErrorCode::kUsage, "--items or --target is needed"};
  if (options.bogus > 0) {
    const auto network = parse_address(options.bogus_network, 1);
    if (!network) return Error{ErrorCode::kUsage, "--bogus needs --bogus-network A.B.0.0"};
    out.bogus_peers = make_bogus_peers(*network, options.bogus, rng_seed);
  }
  return out;
}

/// Answers, and makes itself known: a node that is asked for something keeps whom asked.
class Network {
 public:
  Network(DhtCrowd crowd, std::size_t per_target, std::vector<Fd> sockets,
          std::vector<Endpoint> known, Tally& tally)
      : crowd_(std::move(crowd)),
        per_target_(per_target),
        sockets_(std::move(sockets)),
        known_(std::move(known)),
        tally_(tally) {}

  /// Half of the nodes known, or more, name one of the crowd near each target.
  [[nodiscard]] bool present() const { return present_; }

  [[noreturn]] void run() {
    auto meet_at = std::chrono::steady_clock::now();
    for (;;) {
      const auto now = std::chrono::steady_clock::now();
      if (now >= meet_at) {
        meet();
        meet_at = now + kMeetEvery;
      }
      std::vector<pollfd> watched;
      for (const auto& socket : sockets_) watched.push_back({socket.get(), POLLIN, 0});
      if (::poll(watched.data(), watched.size(), 100) <= 0) continue;
      for (std::size_t i = 0; i < watched.size(); ++i) {
        if ((watched[i].revents & POLLIN) != 0) take(i);
      }
    }
  }

 private:
  void send(std::size_t from, const Endpoint& to, const Bytes& datagram) {
    const auto address = to_socket(to);
    (void)::sendto(sockets_[from].get(), datagram.data(), datagram.size(), 0,
                   reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }

  /// One of the crowd near each target makes itself known to everybody: libtorrent's nodes make sure
  /// of one new node every five seconds, and whoever finds that one is told of the others.
  void meet() {
    for (std::size_t i = 0; i < sockets_.size(); i += per_target_) {
      const auto& own = crowd_.nodes()[i].id;
      for (const auto& node : known_) send(i, node, write_find_node("mt", own, own));
    }
  }

  void note_presence(std::size_t asked, const Endpoint& by, const std::vector<KrpcNode>& named) {
    const auto& own = crowd_.nodes()[asked];
    const bool is_named = std::any_of(named.begin(), named.end(),
                                      [&](const KrpcNode& node) { return node.at == own.at; });
    if (!is_named) return;
    auto& namers = named_by_[asked];
    namers.insert(by);
    std::size_t least = SIZE_MAX;
    for (std::size_t i = 0; i < sockets_.size(); i += per_target_) {
      least = std::min(least, named_by_[i].size());
    }
    if (2 * least >= known_.size()) present_ = true;
  }

  void take(std::size_t index) {
    std::array<std::uint8_t, 4096> bytes{};
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const auto got = ::recvfrom(sockets_[index].get(), bytes.data(), bytes.size(), 0,
                                reinterpret_cast<sockaddr*>(&from), &size);
    if (got <= 0) return;
    const ByteView datagram(bytes.data(), static_cast<std::size_t>(got));
    const auto named = read_nodes(datagram);
    for (const auto& node : named) learn(node.at);
    if (!named.empty()) note_presence(index, to_endpoint(from), named);
    std::string harm;
    const auto answer = crowd_.answer(index, datagram, harm);
    if (answer.empty()) return;
    if (::sendto(sockets_[index].get(), answer.data(), answer.size(), 0,
                 reinterpret_cast<const sockaddr*>(&from), size) < 0) {
      return;
    }
    if (!harm.empty()) tally_.add(harm);
  }

  void learn(const Endpoint& node) {
    const auto& own = crowd_.nodes();
    const bool ours = std::any_of(own.begin(), own.end(),
                                  [&](const KrpcNode& one) { return one.at == node; });
    if (ours || known_.size() >= kMaxKnown) return;
    if (std::find(known_.begin(), known_.end(), node) == known_.end()) known_.push_back(node);
  }

  DhtCrowd crowd_;
  std::size_t per_target_;
  std::vector<Fd> sockets_;
  std::vector<Endpoint> known_;
  std::map<std::size_t, std::set<Endpoint>> named_by_;
  std::atomic<bool> present_{false};
  Tally& tally_;
};

Result<void> run(const Options& options, HostileProgram& program) {
  const auto at = parse_endpoints({options.listen});
  if (!at) return at.error();
  const auto bootstrap = parse_endpoints(options.bootstrap);
  if (!bootstrap) return bootstrap.error();
  auto attack = make_attack(options, program.rng_seed());
  if (!attack) return attack.error();
  DhtCrowd crowd(std::move(*attack), (*at)[0]);
  std::vector<Fd> sockets;
  for (const auto& node : crowd.nodes()) {
    auto socket = open_socket(node.at);
    if (!socket) return socket.error();
    sockets.push_back(std::move(*socket));
  }
  Network network(std::move(crowd), static_cast<std::size_t>(options.per_target),
                  std::move(sockets), *bootstrap, program.tally());
  std::thread([&network] { network.run(); }).detach();
  while (!network.present()) {
    if (program.ended(100)) return {};
  }
  program.attack_until_ended();
}

}  // namespace
}  // namespace phase::sim

namespace {

int start(int argc, char** argv) {
  CLI::App app("Hostile DHT nodes on the ids nearest to some targets", "phase-hostile-dht");
  phase::sim::Options options;
  app.add_option("--listen", options.listen, "ADDRESS:PORT of the first, ports count up")
      ->required();
  app.add_option("--bootstrap", options.bootstrap, "ADDRESS:PORT of a node")->required();
  app.add_option("--items", options.items,
                 "old pointers' items, replayed in turn; their targets are sat on");
  app.add_option("--public-key", options.public_key, "of the items");
  app.add_flag("--forge", options.forge, "answers with items that their key never signed, too");
  app.add_option("--target", options.targets, "40 hexadecimal digits: sits on this id as well");
  app.add_option("--per-target", options.per_target, "nodes for each target")->check(CLI::Range(1, 64));
  app.add_option("--bogus", options.bogus, "so many peers that do not exist are named");
  app.add_option("--bogus-network", options.bogus_network, "A.B.0.0: where they are, /16");
  return phase::sim::run_hostile(argc, argv, app, [&](phase::sim::HostileProgram& program) {
    return phase::sim::run(options, program);
  });
}

}  // namespace

int main(int argc, char** argv) { return phase::sim::guarded_main(argc, argv, start); }
