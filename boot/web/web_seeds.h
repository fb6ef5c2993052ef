// boot/web/web_seeds.h
// The web servers that a release is fetched from (BEP 19), beside the session's peers or without
// any: given providers and mirrors. libtorrent 2.0.8 has web seeds of its own, which four of the
// answers of docs/HOSTILE.md hang or end; here only checked pieces reach it.
//
// A server that sends bytes which are not the torrent's is asked no more; one that is slow, closed
// or overloaded is asked again later, kMaxWebFailures times in a row without a piece at most.
//
// Threads: the owner's; `wake` is called from others. Bounds: kMaxWebSeeds servers at once, each a
// thread; kMaxWebQueue in all, which have their turn once others are given up; what the session has
// not confirmed yet is at most kMaxUnconfirmedBytes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "boot/web/connection.h"
#include "boot/web/share.h"
#include "dht/session.h"
#include "proto/ports.h"

namespace phase::boot {

inline constexpr std::size_t kMaxWebSeeds = 8;
inline constexpr std::size_t kMaxWebQueue = 256;
inline constexpr int kMaxWebFailures = 5;
inline constexpr std::size_t kMaxUnconfirmedWebBytes = 32 * 1024 * 1024;

class WebSeeds {
 public:
  /// `session` is borrowed and outlives this.
  WebSeeds(dht::Session& session, HttpWay way, std::function<void()> wake);

  /// The torrent's folder is asked for below `base`: <base>/<torrent name>/<file>. Each `base`
  /// once; `layout` is the same for all: that of the release which is fetched.
  void add(dht::ReleaseId release, const std::string& base, const dht::PieceLayout& layout);
  /// Which files are asked for, now and of servers to come.
  void want(const std::vector<std::string>& paths);
  /// Pieces that come another way, until this is called again: no server is asked for them.
  void leave(std::vector<bool> pieces);
  /// While held, no server is asked for anything.
  void hold(bool held);
  /// Nobody is asked any more, and all is forgotten but the accounts.
  void stop();
  /// The accounts, too.
  void forget();

  /// After each wake, and at least every 250 ms.
  void tick(MonoTime now);

  /// A server that may still deliver.
  [[nodiscard]] bool alive() const;
  /// Bytes per second, lately.
  [[nodiscard]] std::uint64_t rate() const { return rate_; }
  [[nodiscard]] std::uint32_t connected() const;
  /// Received and thrown away.
  [[nodiscard]] std::uint64_t wasted() const { return wasted_; }
  [[nodiscard]] std::vector<dht::PeerAccount> accounts() const;
  struct Refusal {
    Error why;
    std::string base;
    bool banned = false;  ///< It served bytes that are not the torrent's.
  };
  /// Servers that are asked no more, once each.
  [[nodiscard]] std::vector<Refusal> take_refusals();

 private:
  struct Server {
    std::string base;
    HttpUrl url;
    std::unique_ptr<WebConnection> connection;
    bool given_up = false;
    dht::PeerAccount account;
    bool busy = false;
    int failures = 0;  // in a row, without a piece
    std::uint64_t rate = 0;          // bytes per second, lately
    std::uint64_t window_bytes = 0;
    MonoTime again{};  // not before
  };
  void start_waiting();
  void take(std::size_t index, MonoTime now);
  void failed(std::size_t index, const Error& why, MonoTime now);
  void look_at_session(MonoTime now);
  void ask_idle(MonoTime now);
  [[nodiscard]] std::optional<std::size_t> most_for(const Server& server) const;
  void tell_session();
  void measure(MonoTime now);

  dht::Session& session_;
  HttpWay way_;
  std::function<void()> wake_;
  std::optional<dht::ReleaseId> release_;
  std::shared_ptr<const dht::PieceLayout> layout_;
  std::optional<WebShare> share_;
  std::vector<std::string> wanted_;
  std::vector<Server> servers_;
  std::vector<bool> spared_;
  std::vector<bool> left_;       // to others
  bool left_changed_ = false;
  bool held_ = false;
  std::vector<Refusal> refusals_;
  std::uint64_t session_done_ = 0;
  std::uint64_t unconfirmed_ = 0;  // bytes
  std::uint64_t wasted_ = 0;
  bool checking_ = true;
  bool peers_ = false;
  std::uint64_t peers_rate_ = 0;  // bytes per second, lately, from all of them
  std::uint64_t rate_ = 0;
  std::uint64_t window_bytes_ = 0;
  MonoTime window_began_{};
};

}  // namespace phase::boot
