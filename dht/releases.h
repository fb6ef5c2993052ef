// dht/releases.h
// The swarm half of a session: the torrents that it fetches and seeds. Adapts libtorrent's
// handles and alerts. Only for dht/*.cc. Threads: the owner's.
//
// libtorrent's alerts only say that it is worth asking: what is complete is always asked of its
// piece states, so that no dropped alert leaves a release hanging.
#pragma once

#include <libtorrent/fwd.hpp>
#include <libtorrent/session_handle.hpp>
#include <libtorrent/torrent_handle.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dht/accounts.h"
#include "dht/connection_guard.h"
#include "dht/event_queue.h"
#include "dht/guards.h"
#include "dht/metadata_guard.h"
#include "dht/rendezvous.h"
#include "dht/session.h"
#include "dht/told_peers.h"

namespace phase::dht {

class Releases {
 public:
  /// `session` and `events` are borrowed.
  Releases(libtorrent::session_handle session, EventQueue& events, const SessionOptions& options);

  Result<ReleaseId> fetch(const Infohashes& infohashes, const std::string& parent,
                          ByteView torrent);
  Result<ReleaseId> seed(ByteView torrent, const std::string& parent);
  Result<void> want(ReleaseId release, const std::vector<std::string>& paths,
                    const std::vector<std::uint32_t>& spared);
  void connect(ReleaseId release, const Endpoint& peer, PeerSource source);
  void add_piece(ReleaseId release, std::uint32_t piece, ByteView bytes);
  void ask_peers(ReleaseId release, const std::vector<std::uint32_t>& pieces, bool yes);
  void remove(ReleaseId release, Files files);

  [[nodiscard]] std::optional<Infohashes> infohashes(ReleaseId release) const;
  [[nodiscard]] std::optional<TorrentInfo> info(ReleaseId release) const;
  [[nodiscard]] std::optional<PieceSums> piece_sums(ReleaseId release) const;
  [[nodiscard]] Result<Bytes> torrent_file(ReleaseId release) const;
  [[nodiscard]] ReleaseStatus status(ReleaseId release);
  [[nodiscard]] std::vector<bool> pieces(ReleaseId release) const;
  [[nodiscard]] std::vector<bool> begun(ReleaseId release) const;
  [[nodiscard]] std::vector<PeerAccount> peers(ReleaseId release);

  void handle(const libtorrent::alert& alert);
  void tick(MonoTime now);
  [[nodiscard]] MonoTime next_tick() const;

 private:
  struct File {
    std::uint64_t size = 0;
    int index = 0;  ///< libtorrent's, which counts pad files.
    std::string on_disk;
    bool wanted = false;
    bool reported = false;   ///< FileCompleted was sent.
    std::uint64_t done = 0;  ///< Bytes in checked pieces.
  };
  struct Release {
    libtorrent::torrent_handle handle;
    Infohashes infohashes;
    std::string parent;
    std::shared_ptr<Accounts> accounts;
    std::shared_ptr<FoundMetadata> found;  ///< The info dictionary, by our own search.
    /// To be told to libtorrent again where a release is begun anew; at most kMaxMet.
    std::map<Endpoint, PeerSource> met;
    ToldPeers told;
    std::shared_ptr<NamedPeers> named;  ///< By other peers; none where libtorrent connects to them.
    std::optional<TorrentInfo> info;
    std::vector<File> files;  ///< As info->files.
    /// Pieces of wanted files that peers are not asked for.
    std::set<std::uint32_t> spared;
    Bytes torrent;            ///< The .torrent file, once every piece hash is known.
    bool seeded = false;      ///< By seed(), not fetched.
    bool completed = false;   ///< ReleaseCompleted was sent for what is wanted now.
    bool failed = false;
    bool connect_now = false; ///< A peer was added that was not known before.
    bool stale = true;  ///< Something happened since `status` was asked for.
    MonoTime refreshed{};
    ReleaseStatus status;
  };
  Result<ReleaseId> add(libtorrent::add_torrent_params params, Release release);
  Result<void> start(libtorrent::add_torrent_params params, Release& release);
  /// libtorrent takes an info dictionary from its owner at the start only.
  void begin_anew(ReleaseId id, Release& release, const Bytes& info);
  Release* find(ReleaseId release);
  [[nodiscard]] const Release* find(ReleaseId release) const;
  void take_metadata(ReleaseId id, Release& release);
  void refresh(ReleaseId id, Release& release, MonoTime now);
  static void apply_spared(const Release& release);
  void read_progress(Release& release);
  void keep_torrent(Release& release);
  void report_completion(ReleaseId id, Release& release);
  void report_peers(ReleaseId id, Release& release);
  void fail(ReleaseId id, Release& release, Error error);

  libtorrent::session_handle session_;
  EventQueue& events_;
  SessionOptions options_;
  std::shared_ptr<ConnectionCount> connections_;
  ReleaseId next_id_ = 1;
  std::map<ReleaseId, Release> releases_;
  std::map<libtorrent::torrent_handle, ReleaseId> by_handle_;
};

}  // namespace phase::dht
