#include "node/follow.h"

#include <algorithm>
#include <utility>

namespace phase::node {
namespace {

constexpr std::chrono::seconds kFirstRetryPause{1};
constexpr std::chrono::seconds kMaxRetryPause{60};
constexpr std::chrono::seconds kDiscoverNewer{10};

boot::RootSearchOptions search_options(const FollowOptions& options) {
  boot::RootSearchOptions out;
  out.use_dht = options.use_dht;
  if (options.only_on_link) {
    // A host whose links nobody can tell has none to ask on.
    auto link = dht::OnLink::now();
    out.http.only_on_link = link ? std::move(*link) : dht::OnLink({});
  }
  return out;
}

}  // namespace

Follower::Follower(dht::Session& session, const Clock& clock, Random& random, FollowOwner& owner,
                   FollowOptions options, Held held)
    : session_(session),
      clock_(clock),
      random_(random),
      owner_(owner),
      options_(std::move(options)),
      chain_(follow_chain(options_.target.base, options_.roots)),
      search_(session, chain_.current(), search_options(options_), [&session] { session.wake(); }),
      choice_(chain_.current().pointer_keys(options_.target.channel, options_.target.arch),
              options_.target.channel, options_.target.arch, options_.min_version),
      puts_(options_.put_every, random_),
      retry_pause_(kFirstRetryPause) {
  for (const std::string& url : options_.provider_urls) search_.ask(url);
  hold(std::move(held));
  next_look_ = retry_at_ = clock_.now();
  puts_.at_once(clock_.now());
}

Follower::~Follower() { end_look(); }

/// What is held and the current root's: an older key's pointer is nothing to keep alive.
void Follower::hold(Held held) {
  held_ = std::move(held);
  const auto keys =
      chain_.current().pointer_keys(options_.target.channel, options_.target.arch);
  std::erase_if(held_.items, [&](const SignedItem& item) {
    return std::find(keys.begin(), keys.end(), item.key) == keys.end();
  });
  for (const SignedItem& item : held_.items) {
    // What the store holds was verified when it was written; a file altered since says nothing.
    if (auto known = choice_.offer(item); !known) messages_.push_back(known.error().detail);
  }
}

bool Follower::learn(const std::vector<Bytes>& untrusted) {
  std::vector<Bytes> documents = chain_.documents;
  documents.insert(documents.end(), untrusted.begin(), untrusted.end());
  StoredChain longer = follow_chain(chain_.base, documents);
  if (longer.current().version <= chain_.current().version) return false;
  chain_ = std::move(longer);
  messages_.push_back("root version " + std::to_string(chain_.current().version) +
                      " decides from now on");
  choice_.set_keys(chain_.current().pointer_keys(options_.target.channel, options_.target.arch));
  (void)search_.offer(chain_.documents, "known", clock_.now());
  // What failed before may have failed by the old root's rules.
  retry_at_ = next_look_ = clock_.now();
  retry_pause_ = kFirstRetryPause;
  return true;
}

void Follower::learn_and_tell(const std::vector<Bytes>& untrusted) {
  if (learn(untrusted)) hold(owner_.learned(options_.target, chain_.documents));
}

bool Follower::offer_roots(const std::vector<Bytes>& untrusted) { return learn(untrusted); }

void Follower::ask_lan_nodes_for_roots() {
  for (const auto& [instance, node] : lan_nodes_) {
    if (node.addresses.empty() || node.service.http_port == 0) continue;
    Endpoint http = node.addresses.front();
    http.port = node.service.http_port;
    search_.ask("http://" + http.text());
  }
}

void Follower::begin_look() {
  looking_ = true;
  look_ends_ = clock_.now() + options_.look_for;
  seen_.clear();
  ask_lan_nodes_for_roots();
  search_.start(clock_.now());
  if (!options_.use_dht) return;
  for (const auto& [key, salt] : choice_.questions()) {
    lookups_.push_back(session_.find_item(key, salt));
  }
}

void Follower::end_look() {
  for (const dht::LookupId lookup : lookups_) session_.stop(lookup);
  lookups_.clear();
  search_.stop();
  looking_ = false;
}

void Follower::begin_acquire() {
  end_look();
  boot::AcquireOptions options;
  options.policy.root = chain_.current();
  options.channel = options_.target.channel;
  options.arch = options_.target.arch;
  options.min_version = std::max(options_.min_version, held_.release_version + 1);
  options.folder = options_.incoming;
  options.provider_urls = options_.provider_urls;
  options.use_dht = options_.use_dht;
  options.use_lan = options_.use_lan;
  options.older = owner_.older(options_.target);
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
  const auto keys = chain_.current().pointer_keys(target.channel, target.arch);
  return std::any_of(lan_nodes_.begin(), lan_nodes_.end(), [&](const auto& one) {
    return one.second.offers(keys, target.channel, target.arch) > held_.release_version;
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
    learn_and_tell(acquire->acquired()->roots);
    result = owner_.adopt(options_.target, *acquire->acquired());
  }
  if (!result) {
    last_error_ = result.error();
    messages_.push_back(result.error().detail);
    retry_at_ = clock_.now() + spread(retry_pause_, random_);
    retry_pause_ = std::min<Duration>(retry_pause_ * 2, kMaxRetryPause);
    return;
  }
  last_error_.reset();
  retry_pause_ = kFirstRetryPause;
  const boot::AcquireReport report = acquire->report();
  last_fetched_ = {report.received, report.reused};
  messages_.push_back("fetched " + std::to_string(report.received) + " bytes, reused " +
                      std::to_string(report.reused) + " of older releases");
  hold({acquire->acquired()->manifest.manifest.release_version, acquire->acquired()->pointer});
  next_look_ = clock_.now();  // the look completes the set of salts
  puts_.at_once(clock_.now());
}

void Follower::published(Held held) {
  // An attempt that runs was begun for less, and could wait for a pointer that nobody but this node has.
  if (acquire_ && held.release_version > held_.release_version) {
    acquire_->cancel();
    acquire_.reset();
  }
  hold(std::move(held));
  puts_.at_once(clock_.now());
}

void Follower::put_items() {
  for (const SignedItem& item : held_.items) session_.put_item(item);
  puts_.sent(clock_.now(), held_.items.size());
}

/// A DHT that answers and does not know the pointer has lost it: whoever held it has gone.
void Follower::judge_look() {
  if (!options_.use_dht || held_.items.empty() || session_.dht_nodes() == 0) return;
  if (seen_.size() >= held_.items.size()) {
    puts_.seen();
  } else {
    puts_.missed(clock_.now());
  }
}

void Follower::handle(const dht::Event& event) {
  if (acquire_) acquire_->handle(event);
  if (looking_) search_.handle(event, clock_.now());
  if (const auto* put = std::get_if<dht::ItemStored>(&event)) {
    const bool ours = std::any_of(held_.items.begin(), held_.items.end(), [&](const SignedItem& item) {
      return item.salt == put->salt && item.seq == put->seq;
    });
    const auto nodes = static_cast<std::uint32_t>(std::max(put->nodes, 0));
    if (ours) puts_.stored(clock_.now(), nodes, session_.dht_nodes());
  }
  const auto* found = std::get_if<dht::ItemFound>(&event);
  if (found == nullptr) return;
  if (std::find(lookups_.begin(), lookups_.end(), found->lookup) == lookups_.end()) return;
  const auto offered = choice_.offer(found->item);
  for (const SignedItem& held : held_.items) {
    const bool same = held.key == found->item.key && held.salt == found->item.salt;
    // A newer one is as good: then this one need not be kept alive.
    if (offered && same && found->item.seq >= held.seq) seen_.insert(held.salt);
  }
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
  if (looking_ && search_.tick(now)) learn_and_tell(search_.documents());
  for (std::string& line : search_.take_refusals()) messages_.push_back("root refused: " + line);
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
  if (!options_.use_dht && !options_.use_lan) return;
  if (looking_ && now >= look_ends_) {
    end_look();
    judge_look();
    next_look_ = now + spread(options_.look_every, random_);
    const auto& best = choice_.best();
    auto items = choice_.items();
    if (best && best->release_version == held_.release_version && !items.empty()) {
      held_.items = items;
      owner_.refresh(options_.target, items);
    }
  }
  if (!looking_ && now >= next_look_) begin_look();
  if (options_.use_dht && puts_.due(now)) put_items();
}

MonoTime Follower::next_tick() const {
  if (acquire_) return acquire_->next_tick();
  if (held_.release_version == 0) return retry_at_;
  MonoTime keep = MonoTime::max();
  if (options_.use_dht || options_.use_lan) keep = looking_ ? look_ends_ : next_look_;
  if (options_.use_dht) keep = std::min(keep, puts_.next());
  return newer_is_known() ? std::min(keep, retry_at_) : keep;
}

std::vector<std::string> Follower::take_messages() { return std::exchange(messages_, {}); }

}  // namespace phase::node
