// boot/relays.h
// Everybody who is asked over HTTP, first for the pointer, then for the release's .torrent: given
// providers, mirrors, nodes on the link. Nothing that they say is trusted.
//
// Threads: the owner's; `wake` is called from others. Bounds: kMaxLanRelays nodes of the link are
// asked for the pointer at once and as many for the .torrent, since each question is a thread; each
// address once; the others wait in order of appearance, kMaxLanQueue of them, each for
// kLanRelayDeadline at most. So a link full of liars costs time and nothing else. Of those given,
// kMaxGivenRelays are asked at once.
#pragma once

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "boot/given_provider.h"
#include "boot/http_get.h"
#include "proto/endpoint.h"

namespace phase::boot {

inline constexpr std::size_t kMaxLanRelays = 16;
inline constexpr std::size_t kMaxLanQueue = 256;
inline constexpr std::size_t kMaxGivenRelays = 8;
inline constexpr std::chrono::seconds kLanRelayDeadline{3};

struct RelayQuestion {
  std::vector<PublicKey> keys;  ///< Pointer keys; each relay is asked for each.
  std::string channel, arch;
};

/// What came back, once for each question asked.
struct PointerAnswer {
  std::string from;                          ///< Base URL.
  bool lan = false;                          ///< By add_lan().
  Result<std::vector<SignedItem>> items;     ///< All signed by the key.
};
struct TorrentAnswer {
  std::string from;
  bool lan = false;
  std::string web_seed;                      ///< BEP 19 base.
  Result<Bytes> torrent;
};

struct PeersAnswer {
  std::string from;
  std::vector<Endpoint> peers;               ///< kMaxNamedPeers at most.
};

class Relays {
 public:
  Relays(RelayQuestion question, HttpWay way, std::function<void()> wake);

  /// Asks for the pointer, now or when its turn comes. `near`: it is on the link, and is asked for
  /// more before others. kUsage where `url` is none.
  Result<void> add_given(const std::string& url, bool near);
  /// The pointers of other keys are asked for, of those given at once; nodes of the link are
  /// forgotten: add those again that may have them.
  void set_keys(std::vector<PublicKey> keys);
  /// A node of the link; asked now or when its turn comes.
  void add_lan(const Endpoint& http);

  [[nodiscard]] std::vector<PointerAnswer> take_pointers();
  [[nodiscard]] std::vector<TorrentAnswer> take_torrents();
  /// Only of those given: a node of the link is a peer itself.
  [[nodiscard]] std::vector<PeersAnswer> take_peers();
  /// A release is known: those near that have answered with a pointer are asked for its .torrent
  /// and who has it, those far too where `far`. Each once for each release; nodes of the link when
  /// their turn comes, in a later call.
  void ask_torrents(const Sha1& infohash, bool far);
  /// Another release: everybody may be asked again.
  void forget_torrents();
  /// An answer is still to come, or somebody waits for a turn.
  [[nodiscard]] bool busy() const;
  void stop();

 private:
  struct Relay {
    GivenProvider provider;
    bool near = false;
    bool lan = false;
    bool answered = false;  // with a pointer
    bool asked_torrent = false;   // for this release
    bool awaits_torrent = false;
  };
  struct Given {
    std::string url;
    bool near = false;
  };
  void start_waiting();
  void ask(const std::string& url, std::chrono::milliseconds deadline, bool near, bool lan);
  [[nodiscard]] std::size_t under_way(bool lan) const;

  RelayQuestion question_;
  HttpWay way_;
  std::function<void()> wake_;
  std::vector<Relay> relays_;
  std::deque<Endpoint> waiting_;
  std::deque<Given> given_waiting_;
  std::set<Endpoint> known_;
};

}  // namespace phase::boot
