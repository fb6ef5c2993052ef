#include "boot/relays.h"

#include <algorithm>
#include <utility>

namespace phase::boot {
namespace {

constexpr std::chrono::seconds kGivenDeadline{20};

}  // namespace

Relays::Relays(RelayQuestion question, HttpWay way, std::function<void()> wake)
    : question_(std::move(question)), way_(std::move(way)), wake_(std::move(wake)) {}

Result<void> Relays::add_given(const std::string& url, bool near) {
  auto provider = GivenProvider::ask(url, question_.key, question_.channel, question_.arch, way_,
                                     kGivenDeadline, wake_);
  if (!provider) return provider.error();
  relays_.push_back({.provider = std::move(*provider), .near = near});
  return {};
}

void Relays::add_lan(const Endpoint& http) {
  if (known_.size() >= kMaxLanQueue || !known_.insert(http).second) return;
  waiting_.push_back(http);
  start_waiting();
}

std::size_t Relays::lan_under_way() const {
  return static_cast<std::size_t>(std::count_if(
      relays_.begin(), relays_.end(),
      [](const Relay& relay) { return relay.lan && relay.provider.busy(); }));
}

void Relays::start_waiting() {
  for (std::size_t running = lan_under_way(); running < kMaxLanRelays && !waiting_.empty();
       ++running) {
    const Endpoint http = waiting_.front();
    waiting_.pop_front();
    auto provider = GivenProvider::ask("http://" + http.text(), question_.key, question_.channel,
                                       question_.arch, way_, kLanRelayDeadline, wake_);
    // The text of an endpoint is a URL's authority.
    check(provider.ok(), "an endpoint that is no URL");
    relays_.push_back({.provider = std::move(*provider), .near = true, .lan = true});
  }
}

std::vector<PointerAnswer> Relays::take_pointers() {
  std::vector<PointerAnswer> out;
  for (Relay& relay : relays_) {
    auto items = relay.provider.poll_pointer();
    if (!items) continue;
    relay.answered = items->ok();
    out.push_back({relay.provider.base(), relay.lan, std::move(*items)});
  }
  // A node of the link without an answer is of no more use here.
  std::erase_if(relays_, [](const Relay& relay) {
    return relay.lan && !relay.answered && !relay.provider.busy();
  });
  start_waiting();
  return out;
}

std::vector<TorrentAnswer> Relays::take_torrents() {
  std::vector<TorrentAnswer> out;
  for (Relay& relay : relays_) {
    auto torrent = relay.provider.poll_torrent();
    if (!torrent) continue;
    out.push_back({relay.provider.base(), relay.lan, relay.provider.web_seed(),
                   std::move(*torrent)});
  }
  return out;
}

void Relays::ask_torrents(bool far) {
  for (Relay& relay : relays_) {
    // Of the link only those who know the pointer are asked; others were given by somebody.
    if (relay.asked_torrent || (!relay.near && !far) || (relay.lan && !relay.answered)) continue;
    relay.asked_torrent = true;
    relay.provider.ask_torrent();
  }
}

void Relays::forget_torrents() {
  for (Relay& relay : relays_) relay.asked_torrent = false;
}

bool Relays::busy() const {
  return !waiting_.empty() || std::any_of(relays_.begin(), relays_.end(), [](const Relay& relay) {
    return relay.provider.busy();
  });
}

void Relays::stop() {
  waiting_.clear();
  relays_.clear();
}

}  // namespace phase::boot
