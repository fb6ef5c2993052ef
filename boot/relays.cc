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
  if (auto parsed = parse_http_url(url); !parsed) return parsed.error();
  given_waiting_.push_back({url, near});
  start_waiting();
  return {};
}

void Relays::set_keys(std::vector<PublicKey> keys) {
  question_.keys = std::move(keys);
  known_.clear();
  for (Relay& relay : relays_) {
    if (!relay.lan) relay.provider.ask_pointers(question_.keys);
  }
  std::erase_if(relays_, [](const Relay& relay) { return relay.lan; });
  waiting_.clear();
}

void Relays::add_lan(const Endpoint& http) {
  if (known_.size() >= kMaxLanQueue || !known_.insert(http).second) return;
  waiting_.push_back(http);
  start_waiting();
}

std::size_t Relays::under_way(bool lan) const {
  return static_cast<std::size_t>(
      std::count_if(relays_.begin(), relays_.end(), [lan](const Relay& relay) {
        return relay.lan == lan && relay.provider.busy();
      }));
}

void Relays::ask(const std::string& url, std::chrono::milliseconds deadline, bool near, bool lan) {
  auto provider = GivenProvider::ask(url, question_.keys, question_.channel, question_.arch, way_,
                                     deadline, wake_);
  // Given ones were looked at before they waited; an endpoint's text is a URL's authority.
  check(provider.ok(), "a relay that has no URL");
  relays_.push_back({.provider = std::move(*provider), .near = near, .lan = lan});
}

void Relays::start_waiting() {
  for (std::size_t running = under_way(false); running < kMaxGivenRelays && !given_waiting_.empty();
       ++running) {
    const Given given = std::move(given_waiting_.front());
    given_waiting_.pop_front();
    ask(given.url, kGivenDeadline, given.near, false);
  }
  for (std::size_t running = under_way(true); running < kMaxLanRelays && !waiting_.empty();
       ++running) {
    const Endpoint http = waiting_.front();
    waiting_.pop_front();
    ask("http://" + http.text(), kLanRelayDeadline, true, true);
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
    relay.awaits_torrent = false;
    out.push_back({relay.provider.base(), relay.lan, relay.provider.web_seed(),
                   std::move(*torrent)});
  }
  return out;
}

std::vector<PeersAnswer> Relays::take_peers() {
  std::vector<PeersAnswer> out;
  for (Relay& relay : relays_) {
    auto peers = relay.provider.poll_peers();
    if (peers && !peers->empty()) out.push_back({relay.provider.base(), *peers});
  }
  return out;
}

void Relays::ask_torrents(const Sha1& infohash, bool far) {
  std::size_t lan_running = static_cast<std::size_t>(
      std::count_if(relays_.begin(), relays_.end(), [](const Relay& relay) {
        return relay.lan && relay.awaits_torrent;
      }));
  std::size_t given_running = under_way(false);
  for (Relay& relay : relays_) {
    // Of the link only those who know the pointer are asked; others were given by somebody.
    if (relay.asked_torrent || (!relay.near && !far) || (relay.lan && !relay.answered)) continue;
    // One that is asked already is asked anew, in the place of that question.
    if (!relay.awaits_torrent) {
      std::size_t& running = relay.lan ? lan_running : given_running;
      const std::size_t most = relay.lan ? kMaxLanRelays : kMaxGivenRelays;
      if (relay.provider.busy() || running >= most) continue;
      ++running;
    }
    relay.asked_torrent = relay.awaits_torrent = true;
    relay.provider.ask_torrent();
    if (!relay.lan) relay.provider.ask_peers(infohash);
  }
}

void Relays::forget_torrents() {
  for (Relay& relay : relays_) relay.asked_torrent = false;
}

bool Relays::busy() const {
  return !waiting_.empty() || !given_waiting_.empty() || under_way(false) + under_way(true) != 0;
}

void Relays::stop() {
  waiting_.clear();
  given_waiting_.clear();
  relays_.clear();
}

}  // namespace phase::boot
