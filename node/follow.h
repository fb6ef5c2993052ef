// node/follow.h
// Follows one publisher's channel: looks for its pointer now and then, acquires a newer release,
// hands it to its owner, keeps the pointer alive by putting it again. Holds no key.
//
// A state machine like boot::Acquire: the owner runs the session's loop, hands every event to
// handle() and calls tick() by next_tick(). Threads: the owner's.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "boot/acquire.h"
#include "boot/pointer_choice.h"
#include "boot/root_search.h"
#include "dht/lan/lan.h"
#include "dht/session.h"
#include "node/put_schedule.h"
#include "node/stored_chain.h"
#include "proto/ports.h"

namespace phase::node {

/// One (publisher, channel, architecture) to follow. The publisher is whom its first root names:
/// keys come and go by the documents that follow it.
struct FollowTarget {
  TrustBase base;
  std::string channel;
  std::string arch;
  /// The single key in hex digits, else the name and version of the root document.
  [[nodiscard]] std::string publisher() const;
  [[nodiscard]] std::string text() const;  ///< PUBLISHER/CHANNEL/ARCH
  bool operator==(const FollowTarget&) const = default;
};

/// PUBKEY[/channel[/arch]] in either form of a key, or FILE[:channel[:arch]] of a key, a root
/// document or a trust file: channel "stable" and both architectures where they are left out.
[[nodiscard]] Result<std::vector<FollowTarget>> parse_follow(std::string_view text);

/// What is held of a followed channel.
struct Held {
  std::uint64_t release_version = 0;  ///< 0: nothing yet.
  std::vector<SignedItem> items;      ///< The verified pointer, up to one item for each salt.
};

/// What a follower needs of its owner.
class FollowOwner {
 public:
  virtual ~FollowOwner() = default;
  /// Moves a verified release into the store and serves it; takes over `acquired.release`.
  virtual Result<void> adopt(const FollowTarget& target, const boot::Acquired& acquired) = 0;
  /// The same release, a fresher or more complete set of pointer items.
  virtual void refresh(const FollowTarget& target, const std::vector<SignedItem>& items) = 0;
  /// What lies on disk of older releases, so that only what changed is fetched.
  [[nodiscard]] virtual std::vector<boot::OlderRelease> older(const FollowTarget& target) const = 0;
  /// Root documents that lead on from the target's base, each checked; kept and passed on. Returns
  /// what is held of the target by the root that is current now.
  virtual Held learned(const FollowTarget& target, const std::vector<Bytes>& documents) = 0;
};

struct FollowOptions {
  FollowTarget target;
  std::vector<Bytes> roots;             ///< Documents after the target's base that are known.
  std::string incoming;                 ///< Folder for fetches; resumed there.
  std::vector<std::string> provider_urls;
  std::uint64_t min_version = 0;
  Duration look_every = std::chrono::seconds(60);   ///< ± a quarter, so that nodes spread out.
  Duration look_for = std::chrono::seconds(5);
  Duration put_every = std::chrono::minutes(25);    ///< BEP 44: items expire after two hours.
  bool use_dht = true;
  bool use_lan = false;                 ///< The owner runs a dht::Lan.
  bool only_on_link = false;            ///< Nobody else is asked for anything.
};

class Follower {
 public:
  /// `session`, `clock`, `random`, `owner` are borrowed and outlive this.
  Follower(dht::Session& session, const Clock& clock, Random& random, FollowOwner& owner,
           FollowOptions options, Held held);
  ~Follower();
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  void handle(const dht::Event& event);
  /// Every event of the owner's dht::Lan. A node on the link that says it has a newer release is
  /// asked for it: a hint, so a liar costs one attempt each time the pause between them is over.
  void handle(const dht::LanEvent& event);
  void tick();
  [[nodiscard]] MonoTime next_tick() const;
  /// Somebody else (plasmd publish) put a newer release into the store.
  void published(Held held);
  /// Somebody else (plasmd trust install, another follower) knows newer roots, maybe.
  /// True where the root is a newer one now; published() then says what is held by it.
  bool offer_roots(const std::vector<Bytes>& untrusted);

  [[nodiscard]] const FollowTarget& target() const { return options_.target; }
  [[nodiscard]] const Held& held() const { return held_; }
  /// The newest root that is known.
  [[nodiscard]] const Root& root() const { return chain_.current(); }
  /// Of the last release that was fetched to its end; none before that.
  struct Fetched {
    std::uint64_t received = 0;  ///< Payload bytes from others.
    std::uint64_t reused = 0;    ///< Bytes that older releases on disk had.
  };
  [[nodiscard]] const std::optional<Fetched>& last_fetched() const { return last_fetched_; }
  /// Set while a release is being fetched.
  [[nodiscard]] const boot::Acquire* acquiring() const { return acquire_.get(); }
  [[nodiscard]] const std::optional<Error>& last_error() const { return last_error_; }
  [[nodiscard]] std::vector<std::string> take_messages();

 private:
  /// By a pointer of the followed key.
  [[nodiscard]] bool newer_is_signed() const;
  /// The same, or by somebody's word on the link.
  [[nodiscard]] bool newer_is_known() const;
  void begin_look();
  void end_look();
  void begin_acquire();
  void end_acquire();
  void put_items();
  /// True where the root is a newer one now; the owner is not told.
  bool learn(const std::vector<Bytes>& untrusted);
  void learn_and_tell(const std::vector<Bytes>& untrusted);
  void hold(Held held);
  void ask_lan_nodes_for_roots();
  /// What the look that ends now says of the pointer that is held.
  void judge_look();

  dht::Session& session_;
  const Clock& clock_;
  Random& random_;
  FollowOwner& owner_;
  FollowOptions options_;
  Held held_;

  StoredChain chain_;                 // from the target's base
  boot::RootSearch search_;
  boot::PointerChoice choice_;
  bool looking_ = false;
  std::vector<dht::LookupId> lookups_;
  std::set<std::string> seen_;        // salts of held items that this look found
  std::map<std::string, dht::LanNode> lan_nodes_;  // by instance
  bool lan_browsed_ = false;
  MonoTime look_ends_;
  MonoTime next_look_;
  PutSchedule puts_;
  std::unique_ptr<boot::Acquire> acquire_;
  MonoTime retry_at_;
  Duration retry_pause_;
  std::optional<Error> last_error_;
  std::optional<Fetched> last_fetched_;
  std::vector<std::string> messages_;
};

}  // namespace phase::node
