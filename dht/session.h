// dht/session.h
// One libtorrent session behind our own types: the Mainline DHT (BEP 5/42/43/44) and the swarm
// (BEP 3/52, ut_metadata BEP 9). Adapts, decides nothing about trust: every
// pointer it reports is unverified, and every piece check here only saves work (the SHA-256 of
// the artifacts is checked again by whoever uses them).
//
// Threads: all calls from one thread, the owner's. libtorrent's own threads stay inside.
// Bounds: at most kMaxQueuedEvents events are held; beyond that the oldest progress-like ones go.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dht/on_link.h"
#include "dht/port_mapping.h"
#include "proto/bytes.h"
#include "proto/endpoint.h"
#include "proto/hash.h"
#include "proto/pointer.h"
#include "proto/result.h"

namespace phase::dht {

/// The private settings are for networks of private addresses: libtorrent otherwise keeps one
/// node per /24 and distrusts nodes whose id does not match their address (BEP 42).
enum class NetworkKind { kPublic, kPrivate };

struct SessionOptions {
  std::vector<Endpoint> listen;      ///< Empty: `port` on every address of every interface.
  std::uint16_t port = 0;            ///< 0: any free one. TCP and UDP.
  /// Where `listen` is empty: addresses that come later are listened on too, at the same port, and
  /// what has gone is left. For nodes that stay.
  bool follow_addresses = false;
  bool enable_dht = true;
  bool read_only_dht = false;        ///< BEP 43: ask, never answer.
  NetworkKind network = NetworkKind::kPublic;
  std::vector<Endpoint> nodes;       ///< DHT nodes to begin with: bootstrap nodes and saved ones.
  bool incoming = true;              ///< Accept connections of peers.
  std::uint64_t upload_limit = 0;    ///< Bytes per second; 0: none.
  /// What is served is announced again that often; zero: libtorrent's 15 minutes.
  std::chrono::seconds announce_every{0};
  std::uint32_t max_peers = 500;     ///< Connections, over all releases.
  std::uint32_t max_peers_per_address = 0;  ///< Of these, with one address; 0: any number.
  /// Routers are asked to let strangers in, by UPnP, NAT-PMP and PCP: for nodes that stay. Not where
  /// a setting below says that no stranger comes in.
  bool map_ports = false;
  std::uint16_t http_port = 0;       ///< Told to peers in the extension handshake; 0: none.
  /// Peers tell each other of further peers (ut_pex), and libtorrent connects to them by itself. Off
  /// where the owner chooses whom to fetch from: then they are PeersNamed.
  bool peer_exchange = true;
  /// Nobody else is connected or asked: no peer, no name server. The DHT is off, for
  /// libtorrent cannot keep it on a link; `listen` is those of it that are on the link. None:
  /// anybody. (A stranger's connection to us is closed unread, after the kernel took it up.)
  std::optional<OnLink> only_on_link;
  /// Only takes, and does not tell who we are: no client name, a peer id and node id drawn at
  /// random, nothing that a peer asks for is sent, nothing is announced or stored in the DHT, no
  /// peer exchange, no incoming connection, and the DHT is asked without answering (BEP 43).
  bool anonymous = false;
  /// SOCKS5 (RFC 1928), no authentication: all TCP goes through it, names too; the DHT, uTP and
  /// incoming connections, which cannot, are off whatever the options above say. kUsage together
  /// with only_on_link.
  std::optional<Endpoint> socks5;
};

struct Infohashes {
  Sha1 v1{};
  Sha256 v2{};
  auto operator<=>(const Infohashes&) const = default;
};

/// Names one torrent of this session; never used again.
using ReleaseId = std::uint32_t;
/// Names one standing lookup.
using LookupId = std::uint32_t;

/// How a peer became known; a peer can have several.
struct PeerSource {
  bool dht = false, pex = false, lan = false, given = false, incoming = false;
};

struct PeerAccount {
  Endpoint peer;
  PeerSource source;
  std::string client;            ///< What it calls itself, made printable, at most 48 bytes.
  std::uint64_t received = 0;    ///< Payload bytes from it, bad pieces included.
  std::uint64_t sent = 0;        ///< Payload bytes to it.
  std::uint32_t bad_pieces = 0;  ///< Pieces that it took part in and that failed their hash.
  bool banned = false;
  std::uint16_t listen_port = 0; ///< Where it says that it takes connections; 0: it did not say.
  std::uint16_t http_port = 0;   ///< Where it says that it serves HTTP.
  bool web_seed = false;         ///< No peer of the session's: an HTTP server (boot/web/).
};

struct ReleaseStatus {
  bool has_metadata = false;
  bool complete = false;         ///< Every wanted file is there and its pieces are checked.
  bool seeding = false;          ///< Every file is there.
  bool checking = false;         ///< What lay there before is looked at; nothing is fetched yet.
  std::uint64_t wanted = 0;      ///< Bytes of wanted files.
  std::uint64_t done = 0;        ///< Bytes of wanted files that are there and checked.
  std::uint64_t rate = 0;        ///< Payload bytes per second, received.
  std::uint64_t failed_bytes = 0;///< Received and thrown away.
  std::uint32_t peers = 0;       ///< Connected now.
};

struct TorrentFile {
  std::string path;              ///< Relative to the torrent's folder. Pad files are left out.
  std::uint64_t size = 0;
  Sha256 pieces_root{};          ///< Zeros for an empty file.
};

struct PieceSums;  // dht/piece_sums.h

enum class Files { kKeep, kDelete };

/// What a torrent's info dictionary says: unverified until held against a manifest.
struct TorrentInfo {
  std::string name;
  Infohashes infohashes;
  std::uint32_t piece_length = 0;
  std::vector<TorrentFile> files;
};

// Events. All of them are what the network says: untrusted.
struct DhtReady { std::uint32_t nodes = 0; };             ///< The first node answered.
struct ItemFound { LookupId lookup; SignedItem item; };   ///< Well-formed; signature not checked.
struct ItemAnswered { LookupId lookup; };                 ///< A get ended, this time without a value.
struct ProvidersFound { LookupId lookup; std::vector<Endpoint> peers; };
/// Peers that a release's peers know of, where SessionOptions::peer_exchange is off.
struct PeersNamed { ReleaseId release; std::vector<Endpoint> peers; };
/// Of find_peers(): those nearest to the target have answered, and named whom they know.
struct PeersAnswered { LookupId lookup; };
struct ItemStored { std::string salt; std::int64_t seq; int nodes; };  ///< A put ended.
struct MetadataReceived { ReleaseId release; };
struct FileCompleted { ReleaseId release; std::string path; };
struct ReleaseCompleted { ReleaseId release; };           ///< Every wanted file, flushed to disk.
struct PieceFailed { ReleaseId release; std::uint32_t piece; };
struct PeerBanned { ReleaseId release; Endpoint peer; };
struct ReleaseFailed { ReleaseId release; Error error; }; ///< Disk full, bad metadata, …
struct ListenFailed { Endpoint at; Error error; };
using Event = std::variant<DhtReady, ItemFound, ItemAnswered, ProvidersFound, PeersAnswered,
                           PeersNamed, ItemStored, MetadataReceived, FileCompleted, ReleaseCompleted, PieceFailed,
                           PeerBanned, ReleaseFailed, ListenFailed>;
inline constexpr std::size_t kMaxQueuedEvents = 10'000;
inline constexpr std::size_t kMaxMetadataBytes = 1 << 20;

class Session {
 public:
  /// kPortInUse where a given port is taken, kNoInterface where no address can be listened on.
  /// Returns once it listens; the DHT begins with `nodes` at once.
  static Result<std::unique_ptr<Session>> open(const SessionOptions& options);
  ~Session();  ///< Ends at once (at most 1 s), nothing is announced any more.
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Takes what has happened, waits up to `timeout` for the first event. May return none.
  [[nodiscard]] std::vector<Event> wait(std::chrono::milliseconds timeout);
  /// Makes wait() in another thread return early. The only call allowed from other threads, and
  /// from signal handlers not at all.
  void wake();

  // The DHT.
  /// Adds nodes learned since (names resolved late, LAN, hints).
  void add_nodes(const std::vector<Endpoint>& nodes);
  /// Asks for the item (key, salt) from now on, before the DHT is joined (direct_search.h), and then
  /// again and again (pace.h), until stop(). Each value is an ItemFound.
  LookupId find_item(const PublicKey& key, const std::string& salt);
  /// The same for BEP 5 get_peers on both infohashes (v2's cut to 20 bytes); never announces.
  LookupId find_providers(const Infohashes& infohashes);
  /// The same on a target of ours that is no torrent, by messages of our own too (direct_search.h);
  /// who announced there is a ProvidersFound.
  LookupId find_peers(const Sha1& target);
  void stop(LookupId lookup);
  /// Stores somebody's or our own item on the nodes nearest to it; ends with ItemStored. Without
  /// a DHT and in an anonymous session nothing happens.
  void put_item(const SignedItem& item);
  [[nodiscard]] std::uint32_t dht_nodes() const;
  /// Good nodes of the routing table, to begin with next time (at most 64).
  [[nodiscard]] std::vector<Endpoint> saved_nodes() const;

  // Releases.
  /// Fetches by infohash into `parent`/<torrent name>/. Nothing is downloaded but metadata
  /// until want() names files. `torrent` (a .torrent file's bytes) may be empty.
  Result<ReleaseId> fetch(const Infohashes& infohashes, const std::string& parent,
                          ByteView torrent = {});
  /// Seeds what lies complete in `parent`/<torrent name>/ (lazily checked) and announces it.
  Result<ReleaseId> seed(ByteView torrent, const std::string& parent);
  /// Which files are fetched; names not in the torrent are an error (kNotFound). Peers are not
  /// asked for the pieces `spared`, as if by ask_peers(), but for a few blocks in the first moment.
  Result<void> want(ReleaseId release, const std::vector<std::string>& paths,
                    const std::vector<std::uint32_t>& spared = {});
  void connect(ReleaseId release, const Endpoint& peer, PeerSource source);
  /// A whole piece that came another way than from peers; it is written and checked like theirs,
  /// and offered to them. Passed over without metadata, while `checking`, where it is there already,
  /// and where it has another length than that piece of its file.
  void add_piece(ReleaseId release, std::uint32_t piece, ByteView bytes);
  /// Whether peers are asked for these pieces of wanted files: who fetches them another way says
  /// no, and yes again where that came to nothing.
  void ask_peers(ReleaseId release, const std::vector<std::uint32_t>& pieces, bool yes);
  /// Announces to the DHT now, and from then on every 15 min (peers expire after 45); never in an
  /// anonymous session. Not for a session that is read-only in the DHT: libtorrent's nodes put whoever
  /// announces into their tables, and wait 15 s with each put for one that does not answer.
  void announce(ReleaseId release);
  /// The same on a target that is no torrent, with any port of ours; until withdraw().
  void announce(const Sha1& target, std::uint16_t port);
  void withdraw(const Sha1& target);
  /// Stops it. With kDelete its files go, soon after this has returned.
  void remove(ReleaseId release, Files files = Files::kKeep);

  [[nodiscard]] std::optional<TorrentInfo> info(ReleaseId release) const;
  /// What its info dictionary says of each piece.
  [[nodiscard]] std::optional<PieceSums> piece_sums(ReleaseId release) const;
  /// The .torrent file, once metadata is there.
  [[nodiscard]] Result<Bytes> torrent_file(ReleaseId release) const;
  [[nodiscard]] ReleaseStatus status(ReleaseId release) const;
  /// Which pieces of the torrent are there and checked by libtorrent, on disk; none without metadata.
  [[nodiscard]] std::vector<bool> pieces(ReleaseId release) const;
  /// Which pieces peers were asked for a part of, and are not there yet.
  [[nodiscard]] std::vector<bool> begun(ReleaseId release) const;
  /// Everybody that ever sent or received a payload byte or is connected, banned ones included.
  [[nodiscard]] std::vector<PeerAccount> peers(ReleaseId release) const;

  /// For a node that no stranger reaches: two of them meet through a third one that both are connected
  /// to (BEP 55), which goes by uTP alone. From now on connections that we begin are tried by uTP
  /// first, and by TCP where that is not answered. Not in a session that takes no uTP (SessionOptions).
  void punch_holes(bool yes);
  /// Whether strangers reach us.
  [[nodiscard]] Reachability reachability() const;
  /// Where peers reach us; nowhere with socks5.
  [[nodiscard]] std::vector<Endpoint> listening() const;

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace phase::dht
