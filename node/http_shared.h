// node/http_shared.h
// What all connections of one HTTP provider share: the limits, the gate, what is served now, and
// the counters. Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "node/catalogue.h"
#include "node/http_gate.h"
#include "node/http_provider.h"

namespace phase::node {

class HttpShared {
 public:
  static constexpr std::size_t kMaxPeersTold = 200;  ///< Of one infohash.
  struct Served {
    std::shared_ptr<const Catalogue> catalogue;  ///< None: the first one is still being made.
    std::shared_ptr<const Catalogue> peers;
  };

  explicit HttpShared(const HttpProviderOptions& options);

  void set_catalogue(std::shared_ptr<const Catalogue> catalogue);
  void set_peers(const PeerTable& peers);

  /// What a request is answered from, whatever is set while it is; counts the request.
  [[nodiscard]] Served begin_request();
  void count(std::uint64_t HttpCounters::*counter, std::uint64_t by = 1);
  void count_answer(unsigned status);

  [[nodiscard]] const HttpProviderOptions& options() const { return options_; }
  [[nodiscard]] HttpGate& gate() { return gate_; }
  /// By HttpProviderOptions::only_on_link; loopback always is.
  [[nodiscard]] bool welcome(const Endpoint& client) const;
  [[nodiscard]] HttpCounters counters() const;

 private:
  const HttpProviderOptions options_;
  HttpGate gate_;
  mutable std::mutex mutex_;  ///< Over all that follows.
  Served served_;
  HttpCounters counters_;
};

}  // namespace phase::node
