// sim/stranger.h
// A libtorrent session as somebody else would run one, with the settings that a network of private
// addresses needs. Our own (dht/) is left out on purpose: strangers are what it is tested against.
//
// Threads: the owner's, but for `on_sent`, which libtorrent's thread calls.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/endpoint.h"
#include "proto/hash.h"
#include "proto/result.h"

namespace phase::sim {

/// Names in a .torrent file.
struct StrangerTorrent {
  std::string name;
  std::vector<std::string> files;  ///< Relative to <name>/; no pad files.
};
[[nodiscard]] Result<StrangerTorrent> list_torrent(const std::string& torrent_file);

/// How long a DHT node keeps what others stored with it; zero: libtorrent's own (items for ever,
/// peers 45 minutes).
struct DhtLifetimes {
  std::chrono::seconds items{0}, peers{0};
};

class Stranger {
 public:
  /// Listens on `at` only, and joins the DHT by `bootstrap` (none: waits to be found).
  /// kPortInUse or kNetwork where it cannot listen.
  static Result<Stranger> open(const Endpoint& at, const std::vector<Endpoint>& bootstrap,
                               const DhtLifetimes& lifetimes = {});
  Stranger(Stranger&&) noexcept;
  Stranger& operator=(Stranger&&) noexcept;
  ~Stranger();  ///< Waits for the end of libtorrent's threads.

  /// Nodes in the routing table.
  [[nodiscard]] std::int64_t known_nodes();
  void add_node(const Endpoint& node);

  using OnSent = std::function<void(std::string_view file, std::uint64_t bytes)>;
  /// Serves <folder>/<torrent name>/ and claims that every piece was checked. `on_sent` hears of
  /// each block that was sent, and which file it was of.
  Result<void> serve_unchecked(const std::string& torrent_file, const std::string& folder,
                               OnSent on_sent);
  /// Announces what it serves to the DHT.
  void announce();
  /// Announces somebody at this address who is reached at another port.
  void announce(const Sha1& infohash, std::uint16_t port);

  /// Begins to end; the destructor waits for the rest. Many end faster side by side.
  void begin_end();

 private:
  struct State;
  explicit Stranger(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Blocks SIGTERM and SIGINT in this thread and those that it starts from now on.
[[nodiscard]] sigset_t block_end_signals();
/// True once one of `signals` came; waits up to `milliseconds` for it.
[[nodiscard]] bool ended(const sigset_t& signals, int milliseconds);

/// ADDRESS:PORT literals; names the first one that is none.
[[nodiscard]] Result<std::vector<Endpoint>> parse_endpoints(const std::vector<std::string>& texts);

}  // namespace phase::sim
