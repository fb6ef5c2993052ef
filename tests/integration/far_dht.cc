// tests/integration/far_dht.cc
#include "far_dht.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <functional>
#include <random>

#include "in_network.h"
#include "sim/must.h"

namespace phase {
namespace {

using sim::must;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::uint16_t kPort = 6881;
constexpr const char* kChannel = "stable";
constexpr const char* kArch = "x86_64";

Endpoint at(const std::string& address, int port) {
  const auto endpoint = parse_address(address, static_cast<std::uint16_t>(port));
  check(endpoint.has_value(), "an address of the simulated network");
  return *endpoint;
}

/// Hears what is sent to it until its buffer is full, and says nothing; no ICMP either.
Fd silent_socket(const Endpoint& endpoint) {
  Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  std::memcpy(&address.sin_addr, endpoint.address.data(), 4);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot bind " + endpoint.text());
  }
  return fd;
}

std::unique_ptr<dht::Session> open_session(const sim::Host& host, std::vector<Endpoint> nodes) {
  const InNetwork there(host);
  dht::SessionOptions options;
  options.network = dht::NetworkKind::kPrivate;
  options.read_only_dht = true;  // Nobody's routing table keeps it once it has ended.
  options.nodes = std::move(nodes);
  return must(dht::Session::open(options));
}

/// Feeds `take` with events until it returns true; false where `timeout` came first.
bool run_until(dht::Session& session, milliseconds timeout,
               const std::function<bool(const dht::Event&)>& take) {
  const auto end = steady_clock::now() + timeout;
  while (steady_clock::now() < end) {
    const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    for (const auto& event : session.wait(left)) {
      if (take(event)) return true;
    }
  }
  return false;
}

bool names(const dht::Event& event, dht::LookupId lookup, const Endpoint& provider) {
  const auto* found = std::get_if<dht::ProvidersFound>(&event);
  return found != nullptr && found->lookup == lookup &&
         std::find(found->peers.begin(), found->peers.end(), provider) != found->peers.end();
}

}  // namespace

FarDht::FarDht(sim::Shell& shell, const FarDhtChoice& choice)
    : choice_(choice), network_(must(sim::Network::create())) {
  nodes_host_ = must(network_->add_host("nodes", "10.77.1.1"));
  silent_host_ = must(network_->add_host("silent", "10.77.2.1"));
  publisher_ = must(network_->add_host("publisher", "10.77.3.1"));
  client_ = must(network_->add_host("client", "10.77.4.1", {}, choice.path));
  start_nodes(shell);
  make_silent_nodes();
  publish();
  // Its sockets stay bound and nobody reads them: no answer, and no word that there is none.
  if (falling_silent_) falling_silent_->signal(SIGSTOP);
}

void FarDht::start_nodes(sim::Shell& shell) {
  const int speaking = choice_.nodes - choice_.nodes_silent;
  speaking_ = start_nodes(shell, 0, speaking);
  if (choice_.nodes_silent > 0) falling_silent_ = start_nodes(shell, speaking, choice_.nodes_silent);
}

std::unique_ptr<sim::Process> FarDht::start_nodes(sim::Shell& shell, int first, int count) {
  std::vector<std::string> argv = {"phase-dht-nodes"};
  if (!nodes_.empty()) argv.insert(argv.end(), {"--bootstrap", nodes_.front().text()});
  for (int i = first / kNodesPerAddress; i < (first + count) / kNodesPerAddress; ++i) {
    const std::string address = "10.77.1." + std::to_string(i + 1);
    if (i > 0) must(network_->add_address(nodes_host_, address));
    argv.insert(argv.end(), {"--range", at(address, kPort).text() + "+" +
                                            std::to_string(kNodesPerAddress)});
    for (int port = kPort; port < kPort + kNodesPerAddress; ++port) nodes_.push_back(at(address, port));
  }
  auto process = must(shell.start(nodes_host_.name, argv));
  (void)must(shell.await(*process, "^ready", "the nodes know each other", minutes(3)));
  return process;
}

void FarDht::make_silent_nodes() {
  const InNetwork there(silent_host_);
  for (int i = 0; i < choice_.saved_dead + choice_.bootstraps_down; ++i) {
    silent_.push_back(at(silent_host_.address, kPort + i));
    silent_sockets_.push_back(silent_socket(silent_.back()));
  }
}

std::vector<std::string> FarDht::salts() const {
  std::vector<std::string> out;
  for (int i = 0; i < kPointerSalts; ++i) out.push_back(pointer_salt(kChannel, kArch, i));
  return out;
}

void FarDht::publish() {
  const SecretKey secret = SecretKey::generate(system_random());
  key_ = secret.public_key();
  Pointer pointer;
  system_random().fill(pointer.infohash_v1);
  system_random().fill(pointer.infohash_v2);
  pointer.release_version = 1;
  infohashes_ = {pointer.infohash_v1, pointer.infohash_v2};
  const auto session = open_session(publisher_, {nodes_.begin(), nodes_.begin() + 8});
  for (const std::string& salt : salts()) {
    session->put_item(sign_item(secret, salt, 1, encode_pointer(pointer)));
  }
  std::size_t stored = 0;
  const bool all = run_until(*session, minutes(1), [&](const dht::Event& event) {
    const auto* put = std::get_if<dht::ItemStored>(&event);
    return put != nullptr && put->nodes > 0 && ++stored == salts().size();
  });
  if (!all) throw std::runtime_error("the pointer was not stored");
  Sha1 cut{};
  std::copy_n(infohashes_.v2.begin(), cut.size(), cut.begin());
  provider_ = at(publisher_.address, 7000);
  session->announce(infohashes_.v1, provider_.port);
  session->announce(cut, provider_.port);
  // Both announces: who asks for either finds the provider.
  for (const Sha1& target : {infohashes_.v1, cut}) {
    const auto lookup = session->find_peers(target);
    if (!run_until(*session, minutes(1), [&](const auto& event) {
          return names(event, lookup, provider_);
        })) {
      throw std::runtime_error("the provider was not announced");
    }
    session->stop(lookup);
  }
}

std::vector<Endpoint> FarDht::client_nodes(int run) const {
  std::mt19937 random(static_cast<unsigned>(run));
  std::vector<Endpoint> saved(nodes_.begin(), nodes_.end() - choice_.nodes_silent);
  std::shuffle(saved.begin(), saved.end(), random);
  saved.resize(static_cast<std::size_t>(choice_.saved - choice_.saved_dead));
  saved.insert(saved.end(), silent_.begin(), silent_.begin() + choice_.saved_dead);
  std::shuffle(saved.begin(), saved.end(), random);
  std::vector<Endpoint> out(silent_.begin() + choice_.saved_dead, silent_.end());
  out.insert(out.end(), saved.begin(), saved.end());
  return out;
}

FarFound FarDht::look(milliseconds patience) const {
  const auto nodes = client_nodes(++looks_);
  const auto began = steady_clock::now();
  const auto since = [&] {
    return std::chrono::duration<double>(steady_clock::now() - began).count();
  };
  FarFound out;
  const auto session = open_session(client_, nodes);
  for (const std::string& salt : salts()) (void)session->find_item(key_, salt);
  std::optional<Pointer> pointer;
  (void)run_until(*session, patience, [&](const dht::Event& event) {
    const auto* found = std::get_if<dht::ItemFound>(&event);
    if (found == nullptr || found->item.key != key_ || !verify_item(found->item)) return false;
    if (auto decoded = decode_pointer(found->item.value)) pointer = std::move(*decoded);
    return pointer.has_value();
  });
  if (!pointer) return out;
  out.pointer = since();
  const auto lookup = session->find_providers({pointer->infohash_v1, pointer->infohash_v2});
  if (run_until(*session, patience,
                [&](const auto& event) { return names(event, lookup, provider_); })) {
    out.provider = since();
  }
  return out;
}

std::optional<double> FarDht::announce(milliseconds patience) const {
  constexpr milliseconds kAskAgain{500};
  Sha1 target{};
  system_random().fill(target);
  const Endpoint announced = at(client_.address, 7000);
  const auto near = open_session(publisher_, {nodes_.begin(), nodes_.begin() + 8});
  const auto began = steady_clock::now();
  const auto far = open_session(client_, client_nodes(++looks_));
  far->announce(target, announced.port);
  auto lookup = near->find_peers(target);
  auto ask_again = began + kAskAgain;
  while (steady_clock::now() < began + patience) {
    (void)far->wait(milliseconds(10));
    for (const auto& event : near->wait(milliseconds(10))) {
      if (names(event, lookup, announced)) {
        return std::chrono::duration<double>(steady_clock::now() - began).count();
      }
    }
    if (steady_clock::now() < ask_again) continue;
    ask_again += kAskAgain;
    near->stop(lookup);
    lookup = near->find_peers(target);
  }
  return std::nullopt;
}

}  // namespace phase
