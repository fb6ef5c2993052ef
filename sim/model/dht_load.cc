#include "sim/model/dht_load.h"

#include <algorithm>
#include <cmath>

namespace phase::sim::model {
namespace {

/// libtorrent repeats each target's lookup more rarely where more than four stand (dht/pace.h).
constexpr double kTargetsAtFullPace = 4;

}  // namespace

DhtLoad::DhtLoad(const Parameters& parameters, const Scenario& scenario)
    : parameters_(parameters), nodes_(std::max<double>(scenario.dht_nodes, 1)) {
  const double decades = std::max(0.0, std::log10(nodes_) - 1);
  messages_ = std::min(nodes_, parameters.lookup_messages + decades * parameters.lookup_messages_per_decade);
  lookup_s_ = scenario.rtt_s *
              (parameters.lookup_rounds + decades * parameters.lookup_rounds_per_decade);
  again_s_ = parameters.lookup_again_s *
             std::max(1.0, std::ceil(parameters.standing_lookups / kTargetsAtFullPace));
}

double DhtLoad::held() const { return std::min(parameters_.holders, nodes_); }

double DhtLoad::questions_s() const { return standing_ / again_s_; }

double DhtLoad::item_share() const {
  const double wanted = questions_s() * parameters_.item_answer_bytes;
  return wanted <= parameters_.node_answer_rate ? 1 : parameters_.node_answer_rate / wanted;
}

double DhtLoad::peers_share() const {
  const double wanted = questions_s() * parameters_.peers_answer_bytes;
  return wanted <= parameters_.node_answer_rate ? 1 : parameters_.node_answer_rate / wanted;
}

double DhtLoad::item_chance() const {
  return 1 - std::pow(1 - item_share(), held() * parameters_.salts);
}

double DhtLoad::peers_chance() const {
  return 1 - std::pow(1 - peers_share(), held() * parameters_.peer_targets);
}

double DhtLoad::holder_in_bps() const { return questions_s() * parameters_.query_bytes * 8; }

double DhtLoad::other_in_bps() const {
  const double on_the_way = std::max(0.0, messages_ - held());
  return questions_s() * parameters_.standing_lookups * on_the_way * parameters_.query_bytes * 8 / nodes_;
}

double DhtLoad::client_bytes_s() const {
  const double item_held = std::min(held(), messages_);
  const double on_the_way = messages_ - item_held;
  const double lookups_s = 1 / again_s_;
  const double way = parameters_.standing_lookups * on_the_way *
                     (parameters_.query_bytes + parameters_.answer_bytes);
  const double items = parameters_.salts * item_held *
                       (parameters_.query_bytes + item_share() * parameters_.item_answer_bytes);
  const double peers = std::max(0.0, parameters_.standing_lookups - parameters_.salts) * item_held *
                       (parameters_.query_bytes + peers_share() * parameters_.peers_answer_bytes);
  return lookups_s * (way + items + peers);
}

}  // namespace phase::sim::model
