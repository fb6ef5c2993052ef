#include "boot/web/web_seeds.h"

#include <algorithm>
#include <utility>

namespace phase::boot {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kRateWindow{1};
/// Doubled with each failure in a row.
constexpr milliseconds kFirstPause{500};
/// What peers are asked for together is on its way for a second (request_queue_time); with less than
/// this much to choose from they ask each other's pieces twice.
constexpr std::uint64_t kRoomSeconds = 3;
/// No shorter question, for what it costs to ask.
constexpr double kLeastRunSeconds = 0.25;

}  // namespace

WebSeeds::WebSeeds(dht::Session& session, HttpWay way, std::function<void()> wake)
    : session_(session), way_(std::move(way)), wake_(std::move(wake)) {}

void WebSeeds::add(dht::ReleaseId release, const std::string& base,
                   const dht::PieceLayout& layout) {
  const auto url = parse_http_url(base);
  if (!url || servers_.size() >= kMaxWebQueue) return;
  release_ = release;
  if (!layout_) {
    layout_ = std::make_shared<const dht::PieceLayout>(layout);
    share_.emplace(*layout_);
    share_->want(wanted_);
    left_changed_ = true;
  }
  const bool known = std::any_of(servers_.begin(), servers_.end(),
                                 [&](const Server& server) { return server.base == base; });
  if (known) return;
  Server server;
  server.base = base;
  server.url = *url;
  server.account.source.given = true;
  server.account.web_seed = true;
  servers_.push_back(std::move(server));
  start_waiting();
}

void WebSeeds::hold(bool held) {
  if (std::exchange(held_, held) != held) left_changed_ = true;
}

/// In the order of their appearance.
void WebSeeds::start_waiting() {
  auto running = std::count_if(servers_.begin(), servers_.end(),
                               [](const Server& server) { return server.connection != nullptr; });
  for (Server& server : servers_) {
    if (running >= static_cast<std::ptrdiff_t>(kMaxWebSeeds)) return;
    if (server.connection || server.given_up) continue;
    server.connection = std::make_unique<WebConnection>(server.url, way_, layout_, wake_);
    ++running;
  }
}

void WebSeeds::want(const std::vector<std::string>& paths) {
  wanted_ = paths;
  spared_.clear();  // The session asks for all of them again.
  if (share_) share_->want(wanted_);
}

void WebSeeds::leave(std::vector<bool> pieces) {
  left_ = std::move(pieces);
  left_changed_ = true;
}

void WebSeeds::stop() {
  for (Server& server : servers_) {
    server.connection.reset();
    server.given_up = true;
  }
  layout_.reset();
  share_.reset();
  release_.reset();
  wanted_.clear();
  spared_.clear();
  left_.clear();
  unconfirmed_ = session_done_ = rate_ = window_bytes_ = 0;
}

void WebSeeds::forget() {
  stop();
  servers_.clear();
  refusals_.clear();
  wasted_ = 0;
}

void WebSeeds::failed(std::size_t index, const Error& why, MonoTime now) {
  Server& server = servers_[index];
  const bool altered = why.code == ErrorCode::kAltered;
  ++server.failures;
  if (altered) {
    server.account.bad_pieces = 1;
    server.account.banned = true;
    wasted_ += layout_->piece_length;
  }
  const bool lasting = altered || why.code == ErrorCode::kProvider;
  if (!lasting && server.failures < kMaxWebFailures) {
    server.again = now + kFirstPause * (1 << (server.failures - 1));
    return;
  }
  server.connection.reset();
  server.given_up = true;
  refusals_.push_back({why, server.base, altered});
  start_waiting();
}

void WebSeeds::take(std::size_t index, MonoTime now) {
  Server& server = servers_[index];
  if (!server.connection) return;
  WebConnection::Happened happened = server.connection->take();
  server.account.received += happened.received;
  window_bytes_ += happened.received;
  server.window_bytes += happened.received;
  if (happened.peer) server.account.peer = *happened.peer;
  for (const WebConnection::Piece& piece : happened.pieces) {
    server.failures = 0;
    share_->handed(piece.number, now);
    unconfirmed_ += piece.bytes.size();
    session_.add_piece(*release_, piece.number, piece.bytes);
  }
  if (!happened.over) return;
  server.busy = false;
  share_->over(index);
  if (happened.error) failed(index, *happened.error, now);
}

void WebSeeds::look_at_session(MonoTime now) {
  const dht::ReleaseStatus status = session_.status(*release_);
  checking_ = status.checking || !status.has_metadata;
  peers_ = status.peers > 0;
  peers_rate_ = peers_ ? status.rate : 0;
  if (status.done == session_done_ && unconfirmed_ == 0 && !left_changed_) return;
  session_done_ = status.done;
  left_changed_ = false;
  auto there = session_.pieces(*release_);
  for (std::size_t i = 0; i < there.size(); ++i) {
    there[i] = there[i] || held_ || (i < left_.size() && left_[i]);
  }
  share_->set_there(there, now);
  unconfirmed_ = share_->handed_pieces() * std::uint64_t{layout_->piece_length};
}

void WebSeeds::ask_idle(MonoTime now) {
  if (checking_ || unconfirmed_ > kMaxUnconfirmedWebBytes) return;
  std::size_t parties = peers_ ? 1 : 0;
  bool idle = false;
  for (const Server& server : servers_) {
    if (!server.connection) continue;
    ++parties;
    idle = idle || (!server.busy && now >= server.again);
  }
  if (!idle) return;
  share_->set_begun(peers_ ? session_.begun(*release_) : std::vector<bool>{});
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    Server& server = servers_[i];
    if (!server.connection || server.busy || now < server.again) continue;
    const auto run = share_->next(i, parties, now, most_for(server));
    if (!run) continue;
    server.busy = true;
    server.connection->ask(*run);
  }
}

/// Its part of what is left by its speed, so that all are done at the same time.
std::optional<std::size_t> WebSeeds::most_for(const Server& server) const {
  if (server.rate == 0 || rate_ == 0 || (peers_ && peers_rate_ == 0)) return std::nullopt;
  const double own = static_cast<double>(server.rate);
  const double part = own / static_cast<double>(std::max(rate_, server.rate) + peers_rate_);
  const double least = kLeastRunSeconds * own / layout_->piece_length;
  return static_cast<std::size_t>(
      std::max(part * static_cast<double>(share_->missing_pieces()), least));
}

void WebSeeds::tell_session() {
  if (peers_) {
    const double all = static_cast<double>(rate_ + peers_rate_);
    const bool known = rate_ != 0 && peers_rate_ != 0;
    share_->make_room(kRoomSeconds * peers_rate_ / layout_->piece_length,
                      known ? static_cast<double>(rate_) / all : 0.5);
  }
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (servers_[i].busy) servers_[i].connection->shorten(share_->end_of(i));
  }
  const auto spared = share_->spared();
  spared_.resize(spared.size());
  std::vector<std::uint32_t> yes;
  std::vector<std::uint32_t> no;
  for (std::uint32_t i = 0; i < spared.size(); ++i) {
    if (spared[i] == spared_[i]) continue;
    (spared[i] ? no : yes).push_back(i);
  }
  session_.ask_peers(*release_, yes, true);
  session_.ask_peers(*release_, no, false);
  spared_ = spared;
}

void WebSeeds::measure(MonoTime now) {
  const auto age = now - window_began_;
  if (age < kRateWindow) return;
  rate_ = static_cast<std::uint64_t>(static_cast<double>(window_bytes_) /
                                     duration<double>(age).count());
  for (Server& server : servers_) {
    server.rate = static_cast<std::uint64_t>(static_cast<double>(server.window_bytes) /
                                             duration<double>(age).count());
    server.window_bytes = 0;
  }
  window_bytes_ = 0;
  window_began_ = now;
}

void WebSeeds::tick(MonoTime now) {
  measure(now);
  if (!release_ || !share_) return;
  for (std::size_t i = 0; i < servers_.size(); ++i) take(i, now);
  look_at_session(now);
  ask_idle(now);
  tell_session();
}

bool WebSeeds::alive() const {
  return std::any_of(servers_.begin(), servers_.end(),
                     [](const Server& server) { return !server.given_up; });
}

std::uint32_t WebSeeds::connected() const {
  return static_cast<std::uint32_t>(
      std::count_if(servers_.begin(), servers_.end(), [](const Server& server) {
        return server.connection && server.busy && server.account.received > 0;
      }));
}

std::vector<dht::PeerAccount> WebSeeds::accounts() const {
  std::vector<dht::PeerAccount> out;
  for (const Server& server : servers_) {
    if (server.account.received > 0 || server.account.banned) out.push_back(server.account);
  }
  return out;
}

std::vector<WebSeeds::Refusal> WebSeeds::take_refusals() {
  return std::exchange(refusals_, {});
}

}  // namespace phase::boot
