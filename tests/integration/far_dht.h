// tests/integration/far_dht.h
// A DHT that is far away: plain libtorrent nodes behind a switch, a pointer stored and a provider
// announced there, and a client behind a link with delay and loss, whose saved nodes are partly
// dead and whose bootstrap nodes are down. Test and benchmark look for the pointer from here.
//
// Errors are exceptions. Threads: one. Inside a sandbox.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dht/session.h"
#include "proto/fd.h"
#include "proto/pointer.h"
#include "sim/network.h"
#include "sim/shell.h"

namespace phase {

struct FarDhtChoice {
  int nodes = 100;           ///< A multiple of kNodesPerAddress, as the next one is.
  int nodes_silent = 0;      ///< Of them; they fall silent once the pointer is stored.
  sim::Path path{.delay = std::chrono::milliseconds(25), .loss = 0.1};
  int saved = 16;            ///< Nodes that the client has saved.
  int saved_dead = 5;        ///< Of them; they hear everything and say nothing. Not of `nodes`.
  int bootstraps_down = 3;   ///< Dead ones besides, in front of the saved ones.
};

/// Seconds since the client began, before it opened its session.
struct FarFound {
  std::optional<double> pointer;   ///< A valid one of the key.
  std::optional<double> provider;  ///< The announced one, by get_peers.
};

class FarDht {
 public:
  static constexpr int kNodesPerAddress = 20;

  /// Returns once the pointer is stored and the provider found from nearby. `shell` is borrowed.
  FarDht(sim::Shell& shell, const FarDhtChoice& choice);
  FarDht(const FarDht&) = delete;
  FarDht& operator=(const FarDht&) = delete;

  /// One client with no other state than its saved nodes, and a session of its own: looks for the
  /// pointer and then for its providers, each for `patience`.
  [[nodiscard]] FarFound look(std::chrono::milliseconds patience) const;

  /// Such a client announces itself on a target where nobody is yet: seconds until somebody nearby,
  /// who asks again and again, finds it there.
  [[nodiscard]] std::optional<double> announce(std::chrono::milliseconds patience) const;

  [[nodiscard]] const sim::Host& client() const { return client_; }
  [[nodiscard]] const PublicKey& key() const { return key_; }
  [[nodiscard]] const dht::Infohashes& infohashes() const { return infohashes_; }
  [[nodiscard]] const Endpoint& provider() const { return provider_; }
  /// Bootstrap nodes and saved ones, as the client knows them; each time others, by `run`.
  [[nodiscard]] std::vector<Endpoint> client_nodes(int run) const;
  [[nodiscard]] std::vector<std::string> salts() const;

 private:
  void start_nodes(sim::Shell& shell);
  std::unique_ptr<sim::Process> start_nodes(sim::Shell& shell, int first, int count);
  void make_silent_nodes();
  void publish();

  FarDhtChoice choice_;
  std::unique_ptr<sim::Network> network_;
  sim::Host nodes_host_, silent_host_, publisher_, client_;
  std::vector<Endpoint> nodes_, silent_;
  std::unique_ptr<sim::Process> speaking_, falling_silent_;
  std::vector<Fd> silent_sockets_;
  PublicKey key_;
  dht::Infohashes infohashes_;
  Endpoint provider_;
  mutable int looks_ = 0;
};

}  // namespace phase
