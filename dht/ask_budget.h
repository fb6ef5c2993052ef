// dht/ask_budget.h
// How often one node may be asked by our own lookups. Pure: the owner passes the time in.
//
// libtorrent's nodes ignore an address for 5 minutes once it sent 50 messages within 10 s. Many
// lookups of one session begin at the same few nodes, and libtorrent's own reach them as well
// (pace.h: fewer than 30 within 10 s).
#pragma once

#include <cstddef>
#include <map>

#include "proto/endpoint.h"
#include "proto/ports.h"

namespace phase::dht {

class AskBudget {
 public:
  static constexpr int kPerNode = 20;
  static constexpr std::chrono::seconds kWindow{10};
  /// Remembered. Where that many are, nobody new is asked.
  static constexpr std::size_t kMaxNodes = 4096;

  /// Whether `node` may be asked now; counts as asked where it may.
  [[nodiscard]] bool spend(const Endpoint& node, MonoTime now);

 private:
  struct Spent {
    MonoTime since;
    int asked = 0;
  };
  std::map<Endpoint, Spent> nodes_;
};

}  // namespace phase::dht
