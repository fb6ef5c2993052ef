#include "node/http_shared.h"

#include <algorithm>
#include <utility>

namespace phase::node {

HttpShared::HttpShared(const HttpProviderOptions& options)
    : options_(options),
      gate_(options.max_connections, options.max_per_address),
      served_{nullptr, std::make_shared<const Catalogue>()} {}

// What was set before is swapped out, so that its files are closed without the lock.

void HttpShared::set_catalogue(std::shared_ptr<const Catalogue> catalogue) {
  check(catalogue != nullptr, "a catalogue is given");
  const std::lock_guard lock(mutex_);
  served_.catalogue.swap(catalogue);
}

void HttpShared::set_peers(const PeerTable& peers) {
  auto told = std::make_shared<Catalogue>();
  for (const auto& [infohash, endpoints] : peers) {
    Bytes body;
    for (std::size_t i = 0; i < std::min(endpoints.size(), kMaxPeersTold); ++i) {
      const auto line = endpoints[i].text() + "\n";
      body.insert(body.end(), line.begin(), line.end());
    }
    told->add_bytes("/peers/" + infohash, std::move(body), "text/plain; charset=us-ascii");
  }
  std::shared_ptr<const Catalogue> now = std::move(told);
  const std::lock_guard lock(mutex_);
  served_.peers.swap(now);
}

HttpShared::Served HttpShared::begin_request() {
  const std::lock_guard lock(mutex_);
  counters_.requests += 1;
  return served_;
}

void HttpShared::count(std::uint64_t HttpCounters::*counter, std::uint64_t by) {
  const std::lock_guard lock(mutex_);
  counters_.*counter += by;
}

void HttpShared::count_answer(unsigned status) {
  const std::lock_guard lock(mutex_);
  counters_.by_status[status] += 1;
}

HttpCounters HttpShared::counters() const {
  const std::lock_guard lock(mutex_);
  auto counters = counters_;
  counters.active = gate_.active();
  return counters;
}

bool HttpShared::welcome(const Endpoint& client) const {
  return !options_.only_on_link || client.is_loopback() || options_.only_on_link->contains(client);
}

}  // namespace phase::node
