#include "node/http_gate.h"

#include <algorithm>

namespace phase::node {
namespace {

HttpGate::Address counted(const Endpoint& client) {
  HttpGate::Address out{};
  out[0] = client.v6 ? 6 : 4;
  const std::ptrdiff_t count = client.v6 ? 8 : 4;
  std::copy(client.address.begin(), client.address.begin() + count, out.begin() + 1);
  return out;
}

}  // namespace

std::optional<HttpGate::Pass> HttpGate::enter(const Endpoint& client) {
  const auto address = counted(client);
  const std::lock_guard lock(mutex_);
  if (active_ >= most_) return std::nullopt;
  const auto at = by_address_.find(address);
  if (at != by_address_.end() && at->second >= most_per_address_) return std::nullopt;
  by_address_[address] += 1;
  active_ += 1;
  return std::optional<Pass>(std::in_place, *this, address);
}

std::size_t HttpGate::active() const {
  const std::lock_guard lock(mutex_);
  return active_;
}

void HttpGate::leave(const Address& address) {
  const std::lock_guard lock(mutex_);
  active_ -= 1;
  const auto at = by_address_.find(address);
  if (--at->second == 0) by_address_.erase(at);
}

}  // namespace phase::node
