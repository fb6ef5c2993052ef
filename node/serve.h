// node/serve.h
// A running provider node: one DHT and swarm session, one store, one HTTP provider, a follower
// for each channel that it holds or wants. Wires them; what each decides is theirs.
//
// Threads: the owner's, which calls step() in a loop; wake() from any.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "boot/mode_policy.h"
#include "dht/lan/lan.h"
#include "dht/session.h"
#include "node/expiry.h"
#include "node/first_nodes.h"
#include "node/follow.h"
#include "node/http_provider.h"
#include "node/log.h"
#include "node/peer_search.h"
#include "node/store.h"

namespace phase::node {

struct ServeOptions {
  std::string bind;                     ///< Address; empty: every address of this host.
  std::uint16_t http_port = 8080;
  std::uint16_t peer_port = 6881;       ///< BitTorrent over TCP and DHT over UDP. 0: any free one.
  bool use_dht = true;
  std::vector<std::string> bootstrap;   ///< HOST:PORT.
  NetworkChoice network = NetworkChoice::kAuto;
  std::vector<FollowTarget> follow;
  std::uint64_t upload_limit = 0;       ///< Bytes per second; 0: none.
  Duration look_every = std::chrono::seconds(60);
  /// Pointers are put and releases announced again; zero: as the DHT at large wants it.
  std::chrono::seconds put_every{0};
  std::uint32_t max_peers = 500;        ///< Connections of peers, over all releases.
  std::uint32_t max_peers_per_address = 0;  ///< Of these, with one address; 0: any number.
  /// On the public network, routers are asked to let strangers in (UPnP, NAT-PMP, PCP).
  bool map_ports = true;
  std::vector<std::string> mirrors;     ///< http:// URLs of web servers with the same releases.
  std::vector<Endpoint> more_nodes;     ///< DHT nodes that somebody once met.
  std::vector<boot::OlderRelease> older;///< Elsewhere on this host: pieces of these need not come.
  bool use_lan = true;                  ///< Tells nodes on the link, and hears of them (DNS-SD).
  boot::Mode mode = boot::Mode::kInternet;  ///< kLocal: speaks to nobody but the link.
};

/// Lines for programs and people who wait for a node, on stdout: "serving channel=… version=…".
using Announce = std::function<void(const std::string&)>;

class Node final : private FollowOwner {
 public:
  /// All references are borrowed and outlive the node. Errors: kPortInUse, kNoInterface, kStore,
  /// kUsage (a bootstrap that is no HOST:PORT).
  static Result<std::unique_ptr<Node>> open(Store& store, const Clock& clock, Random& random,
                                            const Log& log, const ServeOptions& options,
                                            Announce announce);
  ~Node() override;

  /// Waits for what happens next, at most `longest`, and handles it.
  void step(std::chrono::milliseconds longest);
  void wake() { session_->wake(); }
  /// Looks at the store again: somebody published.
  void reload();
  /// Channels to follow from now on; those that are held stay.
  void follow(const std::vector<FollowTarget>& targets);
  /// Saves what the next start profits from.
  void close();

  [[nodiscard]] const Store& store() const { return store_; }
  [[nodiscard]] const dht::Session& session() const { return *session_; }
  [[nodiscard]] const HttpProvider& http() const { return *http_; }
  [[nodiscard]] const std::map<std::string, dht::ReleaseId>& seeded() const { return seeded_; }
  /// Nodes on the link; none without use_lan.
  [[nodiscard]] std::vector<dht::LanNode> lan_nodes() const;
  /// As what and by whom this node is registered on the link; empty: it is not.
  [[nodiscard]] const std::string& lan_name() const { return lan_name_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Follower>>& followers() const {
    return followers_;
  }

 private:
  Node(Store& store, const Clock& clock, Random& random, const Log& log, ServeOptions options,
       Announce announce);
  Result<void> listen();
  void handle(const dht::Event& event);
  void tick_followers();
  void seed_store();
  void share_catalogue();
  /// Web servers that have `release` too: peers that told their HTTP port, and mirrors.
  [[nodiscard]] std::vector<std::string> other_servers(const StoredRelease& release) const;
  /// Names them in release.meta4 once there are others than before.
  void tell_servers(MonoTime now);
  /// At /peers/<infohash>, now and then.
  void tell_peers(MonoTime now);
  /// Says which addresses have come since the node was opened.
  void tell_listening();
  /// Bootstrap nodes whose names have been resolved meanwhile.
  void take_names(MonoTime now);
  /// Where no stranger reaches this node.
  void punch_holes(MonoTime now);
  /// Warns of what is about to expire.
  void tell_expiry(MonoTime now);
  void open_lan();
  void hear_lan();
  /// Tells the link what is served and fetched now.
  void tell_lan();
  void add_follower(const FollowTarget& target);
  [[nodiscard]] Held held(const FollowTarget& target) const;
  Result<void> adopt(const FollowTarget& target, const boot::Acquired& acquired) override;
  void refresh(const FollowTarget& target, const std::vector<SignedItem>& items) override;
  [[nodiscard]] std::vector<boot::OlderRelease> older(const FollowTarget& target) const override;
  Held learned(const FollowTarget& target, const std::vector<Bytes>& documents) override;
  /// Tells every follower, clients and the DHT of the roots that the store holds.
  void share_roots();
  /// The target by the chain of the store that its root is part of, so that it is followed once.
  [[nodiscard]] FollowTarget settled(const FollowTarget& target) const;

  Store& store_;
  const Clock& clock_;
  Random& random_;
  const Log& log_;
  ServeOptions options_;
  Announce announce_;
  std::unique_ptr<dht::Session> session_;
  std::unique_ptr<HttpProvider> http_;
  std::unique_ptr<dht::Lan> lan_;
  std::string lan_name_;
  std::optional<dht::LanService> told_lan_;
  std::map<std::string, dht::ReleaseId> seeded_;  // by torrent name
  std::vector<std::unique_ptr<Follower>> followers_;
  std::set<Sha1> announced_roots_;
  std::vector<Endpoint> told_listening_;
  MonoTime next_tell_servers_;
  std::map<std::string, std::vector<std::string>> told_servers_;  // by torrent name
  MonoTime next_tell_peers_{};
  struct ToldExpiry {
    Freshness freshness;
    MonoTime at;
  };
  MonoTime next_expiry_{};
  std::map<std::string, ToldExpiry> told_expiry_;  // by what it is of
  FirstNodes first_;
  MonoTime next_names_{};
  bool open_network_ = false;  ///< Strangers are to come in.
  MonoTime next_holes_{};
  std::optional<PeerSearch> peer_search_;  // With a DHT.
};

}  // namespace phase::node
