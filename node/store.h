// node/store.h
// The releases of a node on disk (docs/STORE.md):
//
//   STORE/releases/<torrent name>/…         one folder a release, never changed once it is there;
//                                           or a link to one that lies elsewhere (/phase/release)
//   STORE/torrents/<torrent name>.torrent
//   STORE/pointers/<key hex>/<channel>/<arch>.items           the current one: the commit point
//   STORE/pointers/<key hex>/<channel>/<arch>.previous.items  the one before
//   STORE/trust/<name>/…                    chains of root documents (node/stored_chain.h)
//   STORE/incoming/                         fetches under way and publishing; same file system
//   STORE/lock                              flock: one writer at a time, readers need none
//
// A release is in the store once its pointer file names it; that file is renamed into place last,
// so a crash at any moment leaves the old release or the new one. Publishing is node/publish.h.
//
// A chain makes one publisher of all the pointer keys that its roots ever named for a channel: the
// lowest version that is taken counts over all of them, and a release of an older key gives way to
// a newer one of another.
//
// Threads: the owner's. Several processes may have one store open; each sees what the others
// wrote after reload().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dht/torrent.h"
#include "node/files.h"
#include "node/stored_chain.h"
#include "proto/manifest.h"
#include "proto/pointer.h"

namespace phase::node {

inline constexpr const char* kManifestFile = "manifest.dsse";
inline constexpr const char* kChecksumsFile = "SHA256SUMS";
inline constexpr const char* kMinisigFile = "SHA256SUMS.minisig";

struct StoredRelease {
  PublicKey publisher;              ///< The pointer's key.
  std::string channel;
  std::string arch;                 ///< Normalised.
  /// False: the one before, or of an older pointer key; kept for fetches under way.
  bool current = true;
  std::string name;                 ///< The torrent's.
  std::string folder;               ///< STORE/releases/<name>.
  std::string parent;               ///< STORE/releases: what dht::Session::seed() takes.
  Bytes envelope;                   ///< manifest.dsse.
  Manifest manifest;
  Sha256 manifest_sha256{};         ///< Of the whole envelope.
  Bytes torrent;                    ///< The .torrent file.
  dht::TorrentInfo info;            ///< What it says.
  std::vector<SignedItem> pointer;  ///< The three items, signatures checked.
};

/// A release that was fetched (boot::Acquired) or made, before it is in the store.
struct IncomingRelease {
  PublicKey publisher;
  std::string folder;               ///< On the store's file system, best in incoming(); it is moved.
  Bytes torrent;
  std::vector<SignedItem> pointer;
  /// `folder` is not the store's and stays where it is, on any file system: the store refers to it.
  /// Absolute. Once it has gone, the release is not in the store.
  bool stays = false;
};

/// What a channel may not fall below, over all pointer keys of its publisher.
struct Floor {
  /// Of releases that the current root's release role signed: what a thief of a key that has been
  /// revoked signed holds nobody back (TUF 5.3.11).
  std::uint64_t release_version = 0;
  std::uint64_t seen = 0;           ///< Of any; at least release_version.
  std::int64_t seq = 0;             ///< The highest.
  Sha256 manifest_sha256{};         ///< Of release_version.
  PublicKey key;                    ///< Whose pointer names it.
};

struct StoreOptions {
  std::string path;
  /// Creates what is missing and checks that it can be written. False: kNotFound for a store
  /// that does not exist, and nothing is written by opening it.
  bool create = true;
};

/// --artifacts where none is given: $STATE_DIRECTORY (systemd), /var/lib/phase for root, else
/// $XDG_STATE_HOME/phase or ~/.local/state/phase.
[[nodiscard]] std::string default_store_path();

class Store {
 public:
  /// Checks what it finds: the pointers' signatures, the manifest against the pointer's hash, the
  /// torrent against its infohash, the sizes of all files. Content is not hashed (dht::Session
  /// does while it seeds). What does not pass is left out and named in left_out().
  /// Errors: kStore (path and remedy). `files` is borrowed.
  static Result<std::unique_ptr<Store>> open(Files& files, const StoreOptions& options);

  /// Looks again at what other processes wrote. True where releases() changed.
  Result<bool> reload();

  /// Moves a complete release in and points to it. Every file of the torrent must be there. The
  /// release that was current becomes the previous one; call prune() once nothing uses older ones.
  /// A pointer with a higher seq to the release that is here already replaces the pointer alone.
  /// Errors: kRollback (never to a lower release version, nor to another release of the same
  /// version, nor to a lower seq), kMalformed / kBadSignature / kWrongKey / kAltered where the
  /// parts do not belong together, kStore (another process is writing: try again).
  Result<void> install(const IncomingRelease& incoming);

  /// Removes what a newer release of another pointer key took the place of, then every release that
  /// no pointer file names. The names that it removed.
  Result<std::vector<std::string>> prune();

  /// Taken by install() and prune() for themselves; publishing holds it from the first look at
  /// the previous version on (waits for another writer).
  Result<std::unique_ptr<FileLock>> lock(bool wait);
  /// install() by somebody who holds the lock.
  Result<void> install_locked(const IncomingRelease& incoming);
  Result<std::vector<std::string>> prune_locked();

  /// Keeps what `untrusted` adds to the chain that holds `base`, or to a new one; the chain rule
  /// decides. Without anything new nothing is written. kExists (another chain has its folder),
  /// kStore.
  Result<void> add_roots(const TrustBase& base, const std::vector<Bytes>& untrusted, bool wait);

  // Queries.
  /// By publisher, channel, arch; the current one before the previous one.
  [[nodiscard]] const std::vector<StoredRelease>& releases() const { return releases_; }
  [[nodiscard]] const StoredRelease* find(const PublicKey& publisher, const std::string& channel,
                                          const std::string& arch) const;
  [[nodiscard]] const std::vector<StoredChain>& chains() const { return chains_; }
  /// The chain that `root` is a root of; the longest one, null where there is none.
  [[nodiscard]] const StoredChain* chain_from(const Root& root) const;
  /// The chain whose roots name `key` as pointer key of (channel, arch); null: it stands alone.
  [[nodiscard]] const StoredChain* chain_of(const PublicKey& key, const std::string& channel,
                                            const std::string& arch) const;
  /// `key` and, with a chain, every other pointer key that (channel, arch) had.
  [[nodiscard]] std::vector<PublicKey> family(const PublicKey& key, const std::string& channel,
                                              const std::string& arch) const;
  /// The newest release that whoever trusts `root` takes, by any pointer key of its chain.
  [[nodiscard]] const StoredRelease* newest(const Root& root, const std::string& channel,
                                            const std::string& arch) const;
  /// From the pointer files alone, so that a damaged release still counts; empty where there is
  /// no pointer, or none that can be read. `publisher` is any pointer key of the chain.
  [[nodiscard]] Result<std::optional<Floor>> floor(const PublicKey& publisher,
                                                   const std::string& channel,
                                                   const std::string& arch) const;
  /// "<path>: why", one line for each thing that was left out.
  [[nodiscard]] const std::vector<std::string>& left_out() const { return left_out_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Where fetches land (boot::AcquireOptions::folder); what lies there is resumed, never served.
  [[nodiscard]] std::string incoming() const { return path_ + "/incoming"; }
  [[nodiscard]] Files& files() const { return files_; }

 private:
  Store(Files& files, std::string path);
  Result<void> create();
  void scan();
  void scan_channel(const PublicKey& key, const std::string& channel, const std::string& folder);
  [[nodiscard]] Result<StoredRelease> load(const PublicKey& key,
                                           const std::string& items_path) const;
  void scan_chains();
  /// Marks what another key's newer release took the place of.
  void settle_keys();
  [[nodiscard]] Result<std::optional<Floor>> floor_of_key(const PublicKey& key,
                                                          const std::string& channel,
                                                          const std::string& arch) const;
  Result<void> drop_superseded();
  void leave_out(const std::string& path, const Error& why);
  [[nodiscard]] std::string pointer_folder(const PublicKey& key, const std::string& channel) const;
  [[nodiscard]] Result<void> admit(const StoredRelease& next, bool& nothing_to_do) const;
  Result<void> move_in(const StoredRelease& next, const std::string& from);
  Result<void> refer_to(const StoredRelease& next, const std::string& folder);
  Result<void> point_to(const StoredRelease& next);

  Files& files_;
  std::string path_;
  std::vector<StoredRelease> releases_;
  std::vector<StoredChain> chains_;
  std::vector<std::string> left_out_;
};

/// True where the release role of `root` signed it. Expiry and floors are not asked.
[[nodiscard]] bool signed_by_role(const StoredRelease& release, const Root& root);

}  // namespace phase::node
