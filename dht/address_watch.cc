// dht/address_watch.cc
#include "dht/address_watch.h"

#include <algorithm>
#include <utility>

namespace phase::dht {
namespace {

std::vector<Endpoint> sorted(std::vector<Endpoint> list) {
  std::sort(list.begin(), list.end());
  return list;
}

}  // namespace

AddressWatch::AddressWatch(std::vector<Endpoint> open, Look look)
    : open_(sorted(std::move(open))), seen_(open_), look_(std::move(look)) {}

std::optional<std::vector<Endpoint>> AddressWatch::tick(MonoTime now) {
  if (now < next_) return std::nullopt;
  next_ = now + kLook;
  auto there = sorted(look_());
  const bool nowhere = std::all_of(there.begin(), there.end(),
                                   [](const Endpoint& at) { return at.is_loopback(); });
  if (nowhere) return std::nullopt;
  std::erase_if(tries_, [&](const auto& tried) {
    return !std::binary_search(there.begin(), there.end(), tried.first);
  });
  const bool twice = there == seen_;
  seen_ = std::move(there);
  if (!twice || seen_ == open_) return std::nullopt;
  open_ = seen_;
  return open_;
}

void AddressWatch::failed(const Endpoint& at) {
  // Once it is missing here, the next look finds a difference.
  if (++tries_[at] <= kMaxTries) std::erase(open_, at);
}

}  // namespace phase::dht
