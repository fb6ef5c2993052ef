// sim/dht_nodes.cc
// phase-dht-nodes: other people's DHT nodes. They hold no release and provide nothing; the first
// one is where the others begin. Prints "ready <n>" once each of them knows several others.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iostream>

#include "sim/guarded_main.h"
#include "sim/stranger.h"

namespace phase::sim {
namespace {

constexpr std::size_t kKnownWhenReady = 8;  // A full bucket.

/// ADDRESS:PORT+COUNT: one address, the ports count up.
Result<void> parse_range(const std::string& text, std::vector<Endpoint>& out) {
  const Error wrong{ErrorCode::kUsage, text + ": expected ADDRESS:PORT+COUNT"};
  const auto plus = text.rfind('+');
  if (plus == std::string::npos) return wrong;
  const auto first = parse_endpoint(text.substr(0, plus));
  unsigned count = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + plus + 1, end, count);
  if (!first || first->port == 0 || parsed.ec != std::errc() || parsed.ptr != end || count == 0 ||
      first->port + count - 1 > 65535) {
    return wrong;
  }
  for (unsigned i = 0; i < count; ++i) {
    out.push_back(*first);
    out.back().port = static_cast<std::uint16_t>(first->port + i);
  }
  return {};
}

void print_state(std::vector<Stranger>& nodes) {
  std::vector<std::int64_t> known(nodes.size());
  std::transform(nodes.begin(), nodes.end(), known.begin(),
                 [](Stranger& node) { return node.known_nodes(); });
  const auto [least, most] = std::minmax_element(known.begin(), known.end());
  std::cout << "state nodes=" << nodes.size() << " known-least=" << *least
            << " known-most=" << *most << std::endl;
}

Result<void> run(const std::vector<Endpoint>& listen, const std::vector<Endpoint>& given,
                 const DhtLifetimes& lifetimes, std::size_t known_when_ready, bool state_line) {
  const sigset_t signals = block_end_signals();
  std::vector<Stranger> nodes;
  for (const auto& at : listen) {
    auto bootstrap = given;
    if (bootstrap.empty() && !nodes.empty()) bootstrap = {listen.front()};
    auto opened = Stranger::open(at, bootstrap, lifetimes);
    if (!opened) return opened.error();
    nodes.push_back(std::move(*opened));
  }
  // Until the tables have filled, a lookup ends at nodes that are not the nearest ones.
  const auto enough = static_cast<std::int64_t>(
      given.empty() ? std::min(known_when_ready, nodes.size() - 1) : known_when_ready);
  for (std::size_t round = 1;; ++round) {
    bool all = true;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].known_nodes() >= enough) continue;
      all = false;
      const auto& to =
          given.empty() ? listen[(i + round) % listen.size()] : given[(i + round) % given.size()];
      nodes[i].add_node(to);
    }
    if (all) break;
    if (ended(signals, 50)) return {};
  }
  std::cout << "ready " << nodes.size() << std::endl;
  while (!ended(signals, 5000)) {
    if (state_line) print_state(nodes);
  }
  for (auto& node : nodes) node.begin_end();
  return {};
}

}  // namespace
}  // namespace phase::sim

namespace {

int start(int argc, char** argv) {
  using namespace phase;
  // Each libtorrent session would read all certificate authorities: 0.1 CPU-seconds a node.
  ::setenv("SSL_CERT_FILE", "/dev/null", 0);
  CLI::App app("Plain DHT nodes of a simulated network: one process, one node per address");
  std::vector<std::string> listen_texts;
  std::vector<std::string> bootstrap_texts;
  std::vector<std::string> ranges;
  bool state_line = false;
  unsigned item_lifetime = 0, peer_lifetime = 0, known = 0;
  app.add_option("--listen", listen_texts, "ADDRESS:PORT of a node; may be given again");
  app.add_option("--range", ranges,
                 "ADDRESS:PORT+COUNT: COUNT nodes, the ports count up; may be given again");
  app.add_option("--bootstrap", bootstrap_texts, "a node of an existing network to begin with");
  app.add_flag("--state-line", state_line, "print a line on the routing tables every 5 s");
  app.add_option("--item-lifetime", item_lifetime, "seconds that items are kept; 0: for ever");
  app.add_option("--peer-lifetime", peer_lifetime, "seconds that peers are kept; 0: 45 minutes");
  app.add_option("--known", known,
                 "other nodes that each is to know before it is ready; 0: as many as it can expect");
  CLI11_PARSE(app, argc, argv);
  auto listen = sim::parse_endpoints(listen_texts);
  const auto given = sim::parse_endpoints(bootstrap_texts);
  Result<void> outcome;
  if (!listen) outcome = listen.error();
  if (!given) outcome = given.error();
  for (const auto& range : ranges) {
    if (outcome) outcome = sim::parse_range(range, *listen);
  }
  if (outcome && listen->empty()) outcome = {ErrorCode::kUsage, "give --listen or --range"};
  if (outcome) {
    const sim::DhtLifetimes lifetimes{std::chrono::seconds(item_lifetime),
                                      std::chrono::seconds(peer_lifetime)};
    const std::size_t expected =
        std::min<std::size_t>(sim::kKnownWhenReady, listen->size() - 1 + given->size());
    outcome = sim::run(*listen, *given, lifetimes, known != 0 ? known : expected, state_line);
  }
  if (outcome) return 0;
  std::cerr << "phase-dht-nodes: " << outcome.error().detail << "\n";
  return exit_code(outcome.error().code);
}

}  // namespace

int main(int argc, char** argv) { return phase::sim::guarded_main(argc, argv, start); }
