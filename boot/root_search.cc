#include "boot/root_search.h"

#include <algorithm>
#include <utility>

namespace phase::boot {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kGetDeadline{3000};
/// After the DHT began to answer: two rounds of a lookup over a slow line.
constexpr milliseconds kDhtPatience{1000};
constexpr std::size_t kMaxRefusals = 16;

}  // namespace

RootSearch::RootSearch(dht::Session& session, Root trusted, RootSearchOptions options,
                       std::function<void()> wake)
    : session_(session),
      root_(std::move(trusted)),
      options_(std::move(options)),
      wake_(std::move(wake)) {}

RootSearch::~RootSearch() { stop(); }

void RootSearch::start(MonoTime now) {
  started_ = now;
  if (session_.dht_nodes() > 0) dht_answered_ = now;
  look(now);
}

void RootSearch::stop() {
  if (lookup_) session_.stop(*lookup_);
  lookup_.reset();
  waiting_.clear();
  gets_.clear();
}

/// For the document after root_.
void RootSearch::look(MonoTime now) {
  if (!started_) return;
  if (lookup_) session_.stop(*lookup_);
  lookup_.reset();
  nearest_answered_ = false;
  asked_.clear();
  waiting_.clear();
  if (options_.use_dht) lookup_ = session_.find_peers(next_root_target(root_));
  if (dht_answered_) dht_answered_ = now;
  // What was given holds for every version; what is under way answers for an older one, and more.
  for (const std::string& url : given_) {
    asked_.insert(url);
    waiting_.push_back(url);
  }
  start_waiting();
}

void RootSearch::ask(const std::string& url) {
  if (given_.size() >= kMaxRootHolders || !given_.insert(url).second) return;
  if (!started_ || !asked_.insert(url).second) return;
  waiting_.push_back(url);
  start_waiting();
}

void RootSearch::start_waiting() {
  while (gets_.size() < kMaxRootGets && !waiting_.empty()) {
    const std::string base = std::move(waiting_.front());
    waiting_.pop_front();
    auto url = parse_http_url(base);
    if (!url) continue;
    url->target += next_root_path(root_);
    gets_.push_back({base, HttpGet(*std::move(url), options_.http, kMaxRootChainBytes,
                                   kGetDeadline, wake_)});
  }
}

bool RootSearch::offer(const std::vector<Bytes>& untrusted, const std::string& from,
                       MonoTime now) {
  const bool newer = take(untrusted, from);
  if (newer) look(now);
  return newer;
}

bool RootSearch::take(const std::vector<Bytes>& untrusted, const std::string& from) {
  std::vector<Bytes> unknown;
  for (const Bytes& document : untrusted) {
    if (std::find(documents_.begin(), documents_.end(), document) == documents_.end()) {
      unknown.push_back(document);
    }
  }
  // One run goes so far and no further, whoever answers.
  if (documents_.size() >= kMaxRootSteps) return false;
  FollowedRoots followed = follow_roots(root_, unknown);
  if (followed.accepted.empty()) {
    if (followed.refused && refusals_.size() < kMaxRefusals) {
      refusals_.push_back(from + ": " + followed.refused->detail);
    }
    return false;
  }
  root_ = std::move(followed.root);
  std::move(followed.accepted.begin(), followed.accepted.end(), std::back_inserter(documents_));
  return true;
}

void RootSearch::handle(const dht::Event& event, MonoTime now) {
  if (std::holds_alternative<dht::DhtReady>(event) && !dht_answered_) dht_answered_ = now;
  const auto* answered = std::get_if<dht::PeersAnswered>(&event);
  if (answered != nullptr && lookup_ == answered->lookup) nearest_answered_ = true;
  const auto* found = std::get_if<dht::ProvidersFound>(&event);
  if (found == nullptr || lookup_ != found->lookup) return;
  for (const Endpoint& holder : found->peers) {
    const std::string url = "http://" + holder.text();
    if (asked_.size() >= kMaxRootHolders || !asked_.insert(url).second) continue;
    waiting_.push_back(url);
  }
  start_waiting();
}

bool RootSearch::tick(MonoTime now) {
  bool newer = false;
  for (auto it = gets_.begin(); it != gets_.end();) {
    auto answer = it->get.poll();
    if (!answer) {
      ++it;
      continue;
    }
    const std::string from = std::move(it->from);
    it = gets_.erase(it);
    // Most have nothing newer, and say so with a status; who is gone is of no interest.
    if (!*answer) continue;
    const auto documents = decode_root_chain(**answer);
    if (documents) {
      newer |= take(*documents, from);
    } else if (refusals_.size() < kMaxRefusals) {
      refusals_.push_back(from + ": " + documents.error().detail);
    }
  }
  if (newer) look(now);
  else start_waiting();
  return newer;
}

bool RootSearch::settled(MonoTime now) const {
  if (!started_ || now >= *started_ + kRootPatience) return true;
  const bool dht_done = !options_.use_dht || nearest_answered_ ||
                        (dht_answered_ && now >= *dht_answered_ + kDhtPatience);
  return dht_done && waiting_.empty() && gets_.empty();
}

std::optional<MonoTime> RootSearch::deadline() const {
  if (!started_) return std::nullopt;
  const MonoTime last = *started_ + kRootPatience;
  if (!options_.use_dht || !dht_answered_) return last;
  return std::min(last, *dht_answered_ + kDhtPatience);
}

std::vector<std::string> RootSearch::take_refusals() { return std::exchange(refusals_, {}); }

}  // namespace phase::boot
