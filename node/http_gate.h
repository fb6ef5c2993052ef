// node/http_gate.h
// Counts the connections of the HTTP provider, in all and per address, and lets no more in than
// the caps say. An IPv6 client is its /64: whoever has one address has all of them. Threads: any.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "proto/endpoint.h"

namespace phase::node {

class HttpGate {
 public:
  using Address = std::array<std::uint8_t, 17>;  ///< Family, then the bytes that count.

  /// Held by one connection; leaves when it is destroyed. The gate outlives it.
  class Pass {
   public:
    Pass(HttpGate& gate, const Address& address) : gate_(&gate), address_(address) {}
    Pass(Pass&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)), address_(other.address_) {}
    Pass& operator=(Pass&&) = delete;
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->leave(address_);
    }

   private:
    HttpGate* gate_;
    Address address_;
  };

  HttpGate(std::size_t most, std::size_t most_per_address)
      : most_(most), most_per_address_(most_per_address) {}

  /// Empty where a cap is reached.
  [[nodiscard]] std::optional<Pass> enter(const Endpoint& client);
  [[nodiscard]] std::size_t active() const;
  /// Seven eighths of the cap are taken: who waits for nothing should make room.
  [[nodiscard]] bool nearly_full() const { return active() > most_ - most_ / 8; }

 private:
  void leave(const Address& address);
  const std::size_t most_;
  const std::size_t most_per_address_;
  mutable std::mutex mutex_;
  std::map<Address, std::size_t> by_address_;
  std::size_t active_ = 0;
};

}  // namespace phase::node
