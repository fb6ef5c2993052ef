// sim/model/dht_load.h
// What lookups cost a DHT, and what its nodes answer of it. A target lies on `holders` nodes, which
// everybody asks; each answers so many bytes a second and drops the rest (libtorrent's
// dht_upload_rate_limit), so that beyond a point a question is answered by chance. What leads to
// them is spread over all nodes. Pure.
#pragma once

#include "sim/model/parameters.h"
#include "sim/model/scenario.h"

namespace phase::sim::model {

class DhtLoad {
 public:
  /// `parameters` is borrowed.
  DhtLoad(const Parameters& parameters, const Scenario& scenario);

  /// Seconds from a question to the first value, nothing overloaded.
  [[nodiscard]] double lookup_s() const { return lookup_s_; }
  /// Between one target's lookups of a client.
  [[nodiscard]] double again_s() const { return again_s_; }

  /// So many clients have lookups standing now. Holds until it is said again.
  void set_clients(double standing) { standing_ = standing; }
  /// Share of their questions that holders of the pointer, or of a release's peers, answer.
  [[nodiscard]] double item_share() const;
  [[nodiscard]] double peers_share() const;
  /// That one attempt of a client brings a value: it asks every holder of every target.
  [[nodiscard]] double item_chance() const;
  [[nodiscard]] double peers_chance() const;
  /// Bits a second towards one holder of a pointer.
  [[nodiscard]] double holder_in_bps() const;
  /// Towards a node that holds nothing, on average.
  [[nodiscard]] double other_in_bps() const;
  /// Bytes a second that one client with standing lookups sends and is sent.
  [[nodiscard]] double client_bytes_s() const;

 private:
  [[nodiscard]] double held() const;  ///< Nodes that hold one target, in a DHT of few fewer.
  [[nodiscard]] double questions_s() const;  ///< To one holder.
  const Parameters& parameters_;
  double nodes_;
  double messages_ = 0;
  double lookup_s_ = 0;
  double again_s_ = 0;
  double standing_ = 0;
};

}  // namespace phase::sim::model
