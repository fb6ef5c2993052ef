// boot/acquire_state.h
// The inside of boot/acquire.h, for its own files: acquire.cc (life, time, events),
// acquire_discovery.cc (who names a release), acquire_fetch.cc (from the pointer to the last
// byte), acquire_cache.cc (what a disk already holds), acquire_roots.cc (who may sign).
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "boot/acquire.h"
#include "boot/arrival_check.h"
#include "boot/cached_release.h"
#include "boot/near_first.h"
#include "boot/pointer_choice.h"
#include "boot/relays.h"
#include "boot/reuse.h"
#include "boot/root_search.h"
#include "boot/web/web_seeds.h"
#include "boot/web_turn.h"

namespace phase::boot {

struct AcquireState {
  AcquireState(dht::Session& session_in, const Clock& clock_in, AcquireOptions options_in);

  // Life (acquire.cc).
  [[nodiscard]] bool ended() const { return stage == Stage::kDone || stage == Stage::kFailed; }
  void say(std::string line) { messages.push_back(std::move(line)); }
  void refuse(std::string what);
  void enter(Stage next);
  void stop_item_lookups();
  void stop_lookups();
  /// Ends it, unless the cache has what can be used instead.
  void fail(Error why);
  /// Of the release that the best pointer names: another pointer or a newer root may still come;
  /// once nobody is waited for, the next best pointer has its turn.
  void fail_release(const Error& why);
  /// The same, where its time is over.
  void give_up_release(const Error& why);
  /// Neither a better pointer nor a newer root is waited for any more.
  [[nodiscard]] bool settled(MonoTime now) const {
    return now >= settled_at && roots.settled(now) &&
           (check_root_counter().ok() || now - began >= options.discover_timeout);
  }
  void end_failed(const Error& why);
  /// The session forgets a removed release's peers; the report must not.
  void freeze_accounts();
  void tick();
  void discover_tick(MonoTime now);
  void providers_tick(MonoTime now);
  void watch_progress(MonoTime now);
  [[nodiscard]] Error altered() const;
  /// Everybody was given by the owner, and has been given up.
  [[nodiscard]] bool nobody_to_ask() const;
  [[nodiscard]] Error all_given_up() const;

  void on(const dht::DhtReady&) { dht_answered = true; }
  void on(const dht::ItemFound& event);
  void on(const dht::ProvidersFound& event);
  void on(const dht::MetadataReceived& event);
  void on(const dht::ReleaseCompleted& event);
  void on(const dht::PeerBanned& event);
  void on(const dht::ReleaseFailed& event);
  void on(const dht::ItemAnswered&) { dht_answered = true; }
  void on(const dht::PeersNamed& event);
  void on(const dht::PeersAnswered&) { dht_answered = true; }
  void on(const dht::ListenFailed&) {}
  void on(const dht::ItemStored&) {}
  void on(const dht::FileCompleted&) {}
  void on(const dht::PieceFailed&) {}

  void on(const dht::LanFound& event);
  void on(const dht::LanGone& event);
  void on(const dht::LanBrowsed&) { near_first->browsed(); }
  void on(const dht::LanRegistered& event) { web_turn.set_name(event.instance); }
  void on(const dht::LanNote&) {}

  // Who may sign (acquire_roots.cc).
  void start_roots();
  void poll_roots(MonoTime now);
  /// Documents that a torrent or a cache holds.
  void offer_roots(const std::vector<Bytes>& untrusted, const std::string& from);
  /// The paths of those in the torrent that may be newer than what is known.
  [[nodiscard]] std::vector<std::string> newer_root_files(const dht::TorrentInfo& info) const;
  void read_root_files(const dht::TorrentInfo& info);
  void root_changed();
  /// kTpm where the current root was replaced by one that this machine has seen.
  [[nodiscard]] Result<void> check_root_counter() const;
  /// By the root that is current now.
  [[nodiscard]] Expectation expectation() const {
    return {options.channel, options.arch, std::max(options.min_version, highest_valid),
            run_time};
  }

  // Discovery (acquire_discovery.cc).
  void start();
  void ask_items();
  void offer(const SignedItem& item, const std::string& from);
  void poll_relays();
  void use_web_seed(const TorrentAnswer& answer, const dht::PieceLayout& layout);
  void poll_web(MonoTime now);
  /// Who of the machines on the link asks web servers.
  void take_web_turn(MonoTime now);
  /// Bytes of peers on the link that nothing speaks against.
  [[nodiscard]] std::uint64_t brought_by_near() const;
  /// Which files are fetched, by whomever.
  [[nodiscard]] Result<void> want(const std::vector<std::string>& paths,
                                  const std::vector<std::uint32_t>& spared = {});
  void take_torrent(const TorrentAnswer& answer);
  void relay_failed(const Error& why, bool lan);
  /// Nothing has come for a while: holders whose HTTP port is known, from the pointer or from what
  /// they say as peers, are asked that way too. While peers deliver, they alone decide who gets what.
  void ask_silent_holders(MonoTime now);
  [[nodiscard]] bool is_near(const Endpoint& endpoint) const;
  void meet_peer(const Endpoint& peer, dht::PeerSource source, const char* how);
  void meet_lan_node(const dht::LanNode& near);
  void meet_lan_holders();
  void meet_lan_holder(const dht::LanNode& node);
  [[nodiscard]] std::optional<dht::LanRelease> lan_fetching() const;
  /// After the session began the same release anew.
  void connect_met_peers();
  /// Somebody beyond the link could still help.
  [[nodiscard]] bool may_let_far_in() const {
    return release && !far_in && stage <= Stage::kArtifacts;
  }
  /// Lets those beyond the link in, once they may come.
  void let_far_in(MonoTime now);

  // From the pointer to the last byte (acquire_fetch.cc).
  void begin_release();
  void drop_release();
  void remove_release();
  void metadata_received();
  [[nodiscard]] Result<VerifiedManifest> check_manifest(const dht::TorrentInfo& info);
  [[nodiscard]] Error other_version(std::uint64_t in_manifest) const;
  void manifest_received();
  [[nodiscard]] Result<void> want_all(const dht::TorrentInfo& info,
                                      const std::vector<std::uint32_t>& spared);
  void all_received();
  void verify_tick(MonoTime now);
  void done();

  // A disk (acquire_cache.cc).
  void open_cache();
  /// What it holds, judged by the root that is current.
  void verify_cached();
  /// True where the release that the pointer names came from the cache, whole.
  [[nodiscard]] bool take_named_from_cache();
  /// The newest that the cache has and the pointer seen allows; false where there is none.
  [[nodiscard]] bool take_best_from_cache(const std::string& why);
  [[nodiscard]] bool take_from_cache(const VerifiedManifest& release, const std::string& why);
  /// Pieces that nobody has to be asked for, since older releases may have them.
  [[nodiscard]] std::vector<std::uint32_t> plan_reuse_of_older();
  [[nodiscard]] std::vector<OlderFile> older_on_disk() const;
  [[nodiscard]] std::vector<OlderRelease> releases_beside() const;
  void poll_reuse(MonoTime now);

  dht::Session& session;
  const Clock& clock;
  AcquireOptions options;
  PointerChoice choice;
  Relays relays;
  WebSeeds web;
  WebTurn web_turn;
  Reuse reuse;
  std::uint64_t reuse_changes = 0;          // of reuse that `web` was told
  RootSearch roots;
  WallTime run_time;                        // of this run, fixed by start()
  std::uint64_t highest_valid = 0;          // a manifest of this version passed every rule
  std::optional<NearFirst> near_first;      // from start() on
  std::optional<CachedReleases> cached;

  Stage stage = Stage::kDiscover;
  MonoTime began;
  MonoTime stage_began;
  MonoTime last_tick;
  MonoTime settled_at;  // until then a better pointer is taken, whatever was begun with the last
  std::vector<dht::LookupId> item_lookups;
  std::vector<std::pair<PublicKey, std::string>> asked_items;
  std::optional<dht::LookupId> provider_lookup;
  /// Everybody who may hold the release; those far wait for let_far_in().
  std::vector<std::pair<Endpoint, dht::PeerSource>> met_peers;
  std::set<Endpoint> told_providers;
  std::set<Endpoint> http_holders;  // of ask_silent_holders(), asked
  std::vector<dht::LanNode> lan_nodes;
  bool far_in = false;
  bool near_connected = false;     // to this release, at some time
  bool dht_answered = false;
  std::string pointer_from;

  std::optional<dht::ReleaseId> release;
  dht::Infohashes infohashes;
  bool was_there = false;          // the release's folder, before a byte of it was asked for
  std::optional<Error> doomed;     // why this release is none; a better pointer may still come
  std::optional<VerifiedManifest> manifest;
  std::optional<ArrivalCheck> arrivals;
  std::uint64_t last_done = 0;
  MonoTime last_progress;
  std::optional<MonoTime> all_banned_since;
  std::vector<std::string> banned;

  std::optional<Error> error;
  std::optional<Acquired> from_cache;  // whole; a better pointer may still come
  std::optional<Acquired> acquired;
  AcquireReport report;
  bool refusals_left_out = false;
  std::vector<std::string> messages;
};

}  // namespace phase::boot
