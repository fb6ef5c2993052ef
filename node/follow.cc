#include "node/follow.h"

#include <algorithm>
#include <utility>

#include "proto/names.h"

namespace phase::node {
namespace {

constexpr std::chrono::seconds kFirstRetryPause{1};
constexpr std::chrono::seconds kMaxRetryPause{60};
constexpr std::chrono::seconds kDiscoverNewer{10};

}  // namespace

std::string FollowTarget::text() const { return key.hex() + "/" + channel + "/" + arch; }

Result<std::vector<FollowTarget>> parse_follow(std::string_view text) {
  const auto bad = [&](const Error& why) {
    return why.in("--follow " + std::string(text.substr(0, 200)));
  };
  const std::size_t first = text.find('/');
  // A minisign key is base64 and may hold a slash itself; the hex form cannot.
  if (first == std::string_view::npos || first != 64) {
    auto key = parse_public_key(text);
    if (!key) return bad(key.error());
    return std::vector<FollowTarget>{{*key, "stable", "x86_64"}, {*key, "stable", "aarch64"}};
  }
  auto key = parse_public_key(text.substr(0, first));
  if (!key) return bad(key.error());
  const std::string_view rest = text.substr(first + 1);
  const std::size_t second = rest.find('/');
  auto channel = check_channel(rest.substr(0, second));
  if (!channel) return bad(channel.error());
  if (second == std::string_view::npos) {
    return std::vector<FollowTarget>{{*key, *channel, "x86_64"}, {*key, *channel, "aarch64"}};
  }
  auto arch = normalise_arch(rest.substr(second + 1));
  if (!arch) return bad(arch.error());
  return std::vector<FollowTarget>{{*key, *channel, *arch}};
}

Follower::Follower(dht::Session& session, const Clock& clock, Random& random, FollowOwner& owner,
                   FollowOptions options, Held held)
    : session_(session),
      clock_(clock),
      random_(random),
      owner_(owner),
      options_(std::move(options)),
      held_(std::move(held)),
      choice_({options_.target.key}, options_.target.channel, options_.target.arch,
              options_.min_version),
      retry_pause_(kFirstRetryPause) {
  for (const SignedItem& item : held_.items) {
    // What the store holds was verified when it was written; a file altered since says nothing.
    if (auto known = choice_.offer(item); !known) messages_.push_back(known.error().detail);
  }
  next_look_ = next_put_ = retry_at_ = clock_.now();
}

Follower::~Follower() { end_look(); }

Duration Follower::jitter(Duration around) {
  std::array<std::uint8_t, 2> chance{};
  random_.fill(chance);
  const int permille = (chance[0] * 256 + chance[1]) % 501 - 250;
  return around + around * permille / 1000;
}

void Follower::begin_look() {
  for (const auto& [key, salt] : choice_.questions()) {
    lookups_.push_back(session_.find_item(key, salt));
  }
  look_ends_ = clock_.now() + options_.look_for;
}

void Follower::end_look() {
  for (const dht::LookupId lookup : lookups_) session_.stop(lookup);
  lookups_.clear();
}

void Follower::begin_acquire() {
  end_look();
  boot::AcquireOptions options;
  options.policy = trust_single_key(options_.target.key);
  options.channel = options_.target.channel;
  options.arch = options_.target.arch;
  options.min_version = std::max(options_.min_version, held_.release_version + 1);
  options.folder = options_.incoming;
  options.provider_urls = options_.provider_urls;
  options.use_dht = options_.use_dht;
  options.use_lan = options_.use_lan;
  if (auto near = dht::OnLink::now()) {
    if (options_.only_on_link) options.http.only_on_link = *near;
    options.near = std::move(*near);
  } else {
    messages_.push_back(near.error().detail);
  }
  // Where it is only somebody's word on the link that there is more, a liar holds nobody up.
  if (held_.release_version != 0 && !newer_is_signed()) options.discover_timeout = kDiscoverNewer;
  acquire_ = std::make_unique<boot::Acquire>(session_, clock_, std::move(options));
  acquire_->start();
  for (const auto& [instance, node] : lan_nodes_) acquire_->handle(dht::LanFound{node});
  if (lan_browsed_) acquire_->handle(dht::LanBrowsed{});
}

bool Follower::newer_is_signed() const {
  const auto& best = choice_.best();
  return best && best->release_version > held_.release_version;
}

bool Follower::newer_is_known() const {
  if (newer_is_signed()) return true;
  const FollowTarget& target = options_.target;
  return std::any_of(lan_nodes_.begin(), lan_nodes_.end(), [&](const auto& one) {
    return one.second.offers({target.key}, target.channel, target.arch) > held_.release_version;
  });
}

void Follower::handle(const dht::LanEvent& event) {
  if (const auto* found = std::get_if<dht::LanFound>(&event)) {
    if (lan_nodes_.size() < dht::kMaxLanNodes || lan_nodes_.contains(found->node.instance)) {
      lan_nodes_[found->node.instance] = found->node;
    }
  } else if (const auto* gone = std::get_if<dht::LanGone>(&event)) {
    lan_nodes_.erase(gone->instance);
  } else if (std::holds_alternative<dht::LanBrowsed>(event)) {
    lan_browsed_ = true;
  }
  if (acquire_) acquire_->handle(event);
}

void Follower::end_acquire() {
  for (std::string& line : acquire_->take_messages()) messages_.push_back(std::move(line));
  const auto acquire = std::move(acquire_);
  Result<void> result;
  if (acquire->error()) {
    result = *acquire->error();
  } else {
    result = owner_.adopt(options_.target, *acquire->acquired());
  }
  if (!result) {
    last_error_ = result.error();
    messages_.push_back(result.error().detail);
    retry_at_ = clock_.now() + jitter(retry_pause_);
    retry_pause_ = std::min<Duration>(retry_pause_ * 2, kMaxRetryPause);
    return;
  }
  last_error_.reset();
  retry_pause_ = kFirstRetryPause;
  held_.release_version = acquire->acquired()->manifest.manifest.release_version;
  held_.items = acquire->acquired()->pointer;
  for (const SignedItem& item : held_.items) {
    check(choice_.offer(item).ok(), "the pipeline accepted a pointer that its own rules refuse");
  }
  next_put_ = next_look_ = clock_.now();  // the look completes the set of salts
}

void Follower::published(Held held) {
  held_ = std::move(held);
  for (const SignedItem& item : held_.items) {
    if (auto known = choice_.offer(item); !known) messages_.push_back(known.error().detail);
  }
  next_put_ = clock_.now();
}

void Follower::put_items() {
  for (const SignedItem& item : held_.items) session_.put_item(item);
  next_put_ = clock_.now() + jitter(options_.put_every);
}

void Follower::handle(const dht::Event& event) {
  if (acquire_) acquire_->handle(event);
  const auto* found = std::get_if<dht::ItemFound>(&event);
  if (found == nullptr) return;
  if (std::find(lookups_.begin(), lookups_.end(), found->lookup) == lookups_.end()) return;
  const auto offered = choice_.offer(found->item);
  if (!offered) {
    messages_.push_back("pointer refused: " + offered.error().detail);
  } else if (*offered && newer_is_signed()) {
    // Whatever failed before, maybe on a liar's word, this is worth an attempt at once.
    retry_at_ = clock_.now();
    retry_pause_ = kFirstRetryPause;
  }
}

void Follower::tick() {
  const MonoTime now = clock_.now();
  if (acquire_) {
    acquire_->tick();
    for (std::string& line : acquire_->take_messages()) messages_.push_back(std::move(line));
    if (acquire_->error() || acquire_->acquired()) end_acquire();
    return;
  }
  if (held_.release_version == 0) {
    if (now >= retry_at_) begin_acquire();
    return;
  }
  // What is held is kept alive between attempts to get what is said to be newer.
  if (newer_is_known() && now >= retry_at_) return begin_acquire();
  const auto& best = choice_.best();
  if (!options_.use_dht) return;
  if (!lookups_.empty() && now >= look_ends_) {
    end_look();
    next_look_ = now + jitter(options_.look_every);
    auto items = choice_.items();
    if (best && best->release_version == held_.release_version && !items.empty()) {
      held_.items = items;
      owner_.refresh(options_.target, items);
    }
  }
  if (lookups_.empty() && now >= next_look_) begin_look();
  if (now >= next_put_) put_items();
}

MonoTime Follower::next_tick() const {
  if (acquire_) return acquire_->next_tick();
  if (held_.release_version == 0) return retry_at_;
  const MonoTime keep = !options_.use_dht ? MonoTime::max()
                                          : std::min(next_put_, lookups_.empty() ? next_look_
                                                                                 : look_ends_);
  return newer_is_known() ? std::min(keep, retry_at_) : keep;
}

std::vector<std::string> Follower::take_messages() { return std::exchange(messages_, {}); }

}  // namespace phase::node
