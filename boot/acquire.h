// boot/acquire.h
// The acquire pipeline: from a trust policy to a verified release in a folder. The init client's
// network child, `plasmd fetch` and `plasmd serve --follow` all run this.
//
//   newer roots (DHT, nodes on the link, given providers, the release's own trust/ files, a cache)
//   beside all of this: each that the chain rule accepts decides from then on
//
//   discover (pointer: DHT, nodes on the link, given providers) -> providers -> metadata ->
//   manifest.dsse, verified against the policy -> memory check -> artifacts, those of
//   their pieces that an older release on disk has from there -> held against their signed roots
//
// Near before far: while nodes on the link deliver, nobody beyond it is asked for more than the
// pointer. With a cache, a release in it that passes every rule is the answer where nothing newer
// is found in time; never one that is older than a valid pointer that was seen.
//
// A state machine: the owner runs the session's loop, hands every event to handle() and calls
// tick() by next_tick(). It does no waiting of its own. Threads: the owner's.
// Bounds: nothing but the info dictionary and the manifest is fetched before the signed sizes are
// known and `admit` has accepted them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "boot/cache/cache.h"
#include "boot/http_get.h"
#include "boot/reuse.h"
#include "dht/lan/lan.h"
#include "dht/session.h"
#include "proto/ports.h"
#include "proto/trust.h"

namespace phase::boot {

enum class Stage : std::uint8_t { kDiscover, kProviders, kManifest, kArtifacts, kVerify, kDone, kFailed };
[[nodiscard]] const char* stage_name(Stage stage);

struct AcquireOptions {
  TrustPolicy policy;
  std::string channel;
  std::string arch;                  ///< Normalised.
  std::uint64_t min_version = 0;
  /// What the root's counter has to be at least (docs/TPM.md). Under a root below it nothing but
  /// documents is fetched, and a newer one is waited for as long as for a pointer; then kTpm.
  std::uint64_t root_counter = 0;
  /// The time of this run, which does not change while it goes on; none: the clock's at the start.
  std::optional<WallTime> now;
  /// Root documents after `policy.root` that are known already; checked like everybody's.
  std::vector<Bytes> roots;
  std::string folder;                ///< The release lands in <folder>/<torrent name>/.
  /// http://HOST[:PORT][/PATH] of providers to ask beside the DHT: pointer, .torrent and web seed.
  std::vector<std::string> provider_urls;
  bool use_dht = true;
  /// The owner runs a dht::Lan and passes its events on.
  bool use_lan = false;
  /// Which addresses are near: those on a link of ours. None: nobody is.
  std::optional<dht::OnLink> near;
  HttpWay http;                      ///< Which way requests to providers may go.
  Cache* cache = nullptr;            ///< Borrowed, may be null.
  /// Pieces of these need not come. What the cache and `folder` hold of older ones is found anyway.
  std::vector<OlderRelease> older;
  bool only_cache = false;           ///< There is no network: nobody else is asked.
  /// With a release in the cache that could be used: a newer one is looked for so long.
  Duration newer = std::chrono::seconds(15);
  Duration far_wait = std::chrono::seconds(3);  ///< See near_first.h.
  Duration near_stall = std::chrono::seconds(2);
  /// Decides whether a release with this manifest fits; called before any artifact is fetched.
  std::function<Result<void>(const VerifiedManifest&)> admit;
  /// The first valid pointer is followed at once; for so long a better one takes its place,
  /// whatever was begun, and nothing is done before.
  Duration settle = std::chrono::milliseconds(250);
  Duration discover_timeout = std::chrono::seconds(60);
  Duration provider_timeout = std::chrono::seconds(60);
  /// With a pointer of another key at hand, one whose manifest does not come is waited for so long.
  Duration other_timeout = std::chrono::seconds(10);
  Duration stall_timeout = std::chrono::seconds(60); ///< No new checked byte for so long: failed.
  /// False where somebody else hashes the artifacts before they are used: the verifier of a
  /// booting machine, whose word counts and whose CPU is slow.
  bool check_artifacts = true;
};

struct StageTime {
  Stage stage;
  double seconds = 0;  ///< How long it took.
};

/// What happened, for people and for the boot report; valid at any time.
struct AcquireReport {
  std::vector<StageTime> stages;
  std::vector<dht::PeerAccount> sources;
  std::vector<std::string> refusals;   ///< What was refused on the way and why, at most 32.
  std::uint64_t received = 0;          ///< Payload bytes, in all.
  std::uint64_t wasted = 0;            ///< Of these, thrown away after a failed check.
  std::uint64_t from_cache = 0;        ///< Bytes of a release that the cache had whole.
  std::uint64_t reused = 0;            ///< Bytes that older releases on disk had.
  /// Who named the release that was taken: "DHT", a URL, "cache"; why, where that needs a word.
  std::string path;
};

struct Acquired {
  VerifiedManifest manifest;
  /// The root documents that lead from the policy's root to the one that was current: all that was
  /// accepted. Whoever judges the release again needs them.
  std::vector<Bytes> roots;
  std::vector<SignedItem> pointer;   ///< As found, to be put again by a provider.
  /// Still seeding in the session; none where all of it came from the cache.
  std::optional<dht::ReleaseId> release;
  std::string folder;                ///< <folder>/<torrent name>.
  Bytes torrent;                     ///< The .torrent file; may be empty where the cache had none.
};

struct AcquireState;  // boot/acquire_state.h

class Acquire {
 public:
  /// `session`, `clock` are borrowed and outlive this.
  Acquire(dht::Session& session, const Clock& clock, AcquireOptions options);
  ~Acquire();

  void start();
  /// Every event of the session; those of others are passed over.  Call tick() after a batch.
  void handle(const dht::Event& event);
  /// Every event of the owner's dht::Lan, with use_lan.
  void handle(const dht::LanEvent& event);
  /// After every batch of events, and at next_tick() where none came.
  void tick();
  [[nodiscard]] MonoTime next_tick() const;
  void cancel();

  [[nodiscard]] Stage stage() const;
  /// Set in kFailed.
  [[nodiscard]] const std::optional<Error>& error() const;
  /// Set in kDone.
  [[nodiscard]] const std::optional<Acquired>& acquired() const;
  [[nodiscard]] dht::ReleaseStatus progress() const;
  /// What the link is to hear while this goes on, so that machines which fetch the same ask each
  /// other: with use_lan, once a pointer named it.
  [[nodiscard]] std::optional<dht::LanRelease> lan_fetching() const;
  [[nodiscard]] AcquireReport report() const;
  /// Lines that a person should see now (refusals, stage changes); taken once.
  [[nodiscard]] std::vector<std::string> take_messages();

 private:
  std::unique_ptr<AcquireState> state_;
};

}  // namespace phase::boot
