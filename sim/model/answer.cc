#include "sim/model/answer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/model/format.h"

namespace phase::sim::model {
namespace {

using nlohmann::ordered_json;

double copies(const Scenario& scenario, const Outcome& outcome) {
  return outcome.provider_bytes / static_cast<double>(scenario.image_bytes);
}

/// Highest of the moments, bits a second.
double provider_peak(const Outcome& outcome) {
  double most = 0;
  for (const Moment& moment : outcome.moments) most = std::max(most, moment.provider_bps);
  return most;
}

ordered_json json_of(const Scenario& scenario, const Outcome& outcome) {
  return {{"clients", scenario.clients},
          {"providers", scenario.providers},
          {"named", scenario.named},
          {"node_share", scenario.node_share},
          {"image_bytes", scenario.image_bytes},
          {"down_bits", scenario.down_bits},
          {"up_bits", scenario.up_bits},
          {"provider_bits", scenario.provider_bits},
          {"spread_s", scenario.spread_s},
          {"rtt_s", scenario.rtt_s},
          {"dht_nodes", scenario.dht_nodes},
          {"rng_seed", scenario.rng_seed},
          {"done", outcome.done},
          {"first_s", outcome.first_s},
          {"median_s", outcome.median_s},
          {"p95_s", outcome.p95_s},
          {"last_s", outcome.last_s},
          {"mean_own_s", outcome.mean_own_s},
          {"provider_copies", copies(scenario, outcome)},
          {"provider_peak_bps", provider_peak(outcome)},
          {"most_connections", outcome.most_connections},
          {"metadata_bytes", outcome.metadata_bytes},
          {"received_bytes", outcome.received_bytes},
          {"dht_bytes_per_client", outcome.dht_bytes_per_client},
          {"dht_holder_peak_bps", outcome.holder_peak_bps},
          {"dht_other_node_peak_bps", outcome.other_node_peak_bps}};
}

Curve over_time(const char* name, const Outcome& outcome, double Moment::* figure) {
  Curve curve{name, {}};
  for (const Moment& moment : outcome.moments) curve.points.emplace_back(moment.at_s, moment.*figure);
  return curve;
}

}  // namespace

std::string outcome_text(const Scenario& scenario, const Outcome& outcome) {
  std::string out = format("%u machines, %u providers\n", scenario.clients, scenario.providers);
  out += format("fetched            %u\n", outcome.done);
  out += format("first, median      %.1f s, %.1f s\n", outcome.first_s, outcome.median_s);
  out += format("95 %%, last         %.1f s, %.1f s\n", outcome.p95_s, outcome.last_s);
  out += format("first providers    %.2f images in all, most connections %.0f, at most %.1f Mbit/s each\n",
                copies(scenario, outcome), outcome.most_connections, provider_peak(outcome) / 1e6);
  out += format("DHT                %.0f KB a machine; towards a node that holds the pointer %.2f Mbit/s at most, "
                "towards another %.4f\n",
                outcome.dht_bytes_per_client / 1e3, outcome.holder_peak_bps / 1e6, outcome.other_node_peak_bps / 1e6);
  return out;
}

std::string outcome_json(const Scenario& scenario, const Outcome& outcome) {
  ordered_json out = json_of(scenario, outcome);
  for (const Moment& moment : outcome.moments) {
    out["moments"].push_back({{"at_s", moment.at_s},
                              {"asking", moment.asking},
                              {"knocking", moment.knocking},
                              {"fetching", moment.fetching},
                              {"done", moment.done},
                              {"providers", moment.providers},
                              {"connections", moment.connections},
                              {"provider_bps", moment.provider_bps},
                              {"dht_holder_in_bps", moment.holder_in_bps},
                              {"dht_holder_answers", moment.holder_answers}});
  }
  return out.dump(2) + "\n";
}

std::string sweep_text(const std::vector<Swept>& all) {
  std::string out = "machines  median s  last s    fetched   images sent  connections  DHT KB each  holder Mbit/s\n";
  for (const Swept& one : all) {
    out += format("%-9u %-9.1f %-9.1f %-9u %-12.1f %-12.0f %-12.0f %.2f\n", one.scenario.clients,
                  one.outcome.median_s, one.outcome.last_s, one.outcome.done, copies(one.scenario, one.outcome),
                  one.outcome.most_connections, one.outcome.dht_bytes_per_client / 1e3,
                  one.outcome.holder_peak_bps / 1e6);
  }
  return out;
}

std::string sweep_json(const std::vector<Swept>& all) {
  ordered_json out = ordered_json::array();
  for (const Swept& one : all) out.push_back(json_of(one.scenario, one.outcome));
  return out.dump(2) + "\n";
}

std::string judged_text(const std::vector<Judged>& all) {
  std::string out = "run                   clients  last s: measured, model, error   images sent: measured, model\n";
  for (const Judged& one : all) {
    const auto image = static_cast<double>(one.run.image_bytes);
    out += format("%-21s %-8u %-7.1f %-7.1f %+6.1f %%              %-5.2f %.2f%s\n", one.run.name.c_str(), one.run.clients,
                  one.run.last_s, one.said.last_s, one.said.last_error * 100, one.run.provider_bytes / image,
                  one.said.provider_bytes / image, one.run.valid() ? "" : "   void: machine busy");
  }
  return out;
}

std::string judged_json(const std::vector<Judged>& all) {
  ordered_json out = ordered_json::array();
  for (const Judged& one : all) {
    out.push_back({{"name", one.run.name},
                   {"clients", one.run.clients},
                   {"valid", one.run.valid()},
                   {"measured_last_s", one.run.last_s},
                   {"last_s", one.said.last_s},
                   {"last_error", one.said.last_error},
                   {"median_s", one.said.median_s},
                   {"median_error", one.said.median_error},
                   {"measured_provider_bytes", one.run.provider_bytes},
                   {"provider_bytes", one.said.provider_bytes},
                   {"provider_error", one.said.provider_error}});
  }
  return out.dump(2) + "\n";
}

Drawings drawings_of(const Scenario& scenario, const Outcome& outcome) {
  const std::string crowd = format("%u machines, %u providers", scenario.clients, scenario.providers);
  return {{"machines",
           {crowd, "seconds since power on", "machines", false, false,
            {over_time("without a pointer", outcome, &Moment::asking),
             over_time("refused by full providers", outcome, &Moment::knocking),
             over_time("fetching", outcome, &Moment::fetching), over_time("fetched", outcome, &Moment::done),
             over_time("providers", outcome, &Moment::providers)}}},
          {"provider-load",
           {crowd + ": one of the first providers", "seconds since power on", "bit/s", false, false,
            {over_time("bits a second sent", outcome, &Moment::provider_bps)}}},
          {"provider-connections",
           {crowd + ": one provider", "seconds since power on", "connections", false, false,
            {over_time("connections", outcome, &Moment::connections)}}},
          {"dht-load",
           {crowd + ": a DHT node that holds the pointer", "seconds since power on", "bit/s", false, false,
            {over_time("bits a second asked", outcome, &Moment::holder_in_bps)}}}};
}

Drawings drawings_of(const std::vector<Swept>& all) {
  Curve last{"the last machine", {}}, median{"half of them", {}}, images{"images from the first providers", {}},
      connections{"most connections of one provider", {}}, each{"KB asked and answered, a machine", {}},
      holder{"kbit/s towards a node that holds the pointer", {}},
      other{"kbit/s towards another node", {}};
  for (const Swept& one : all) {
    const double clients = one.scenario.clients;
    last.points.emplace_back(clients, one.outcome.last_s);
    median.points.emplace_back(clients, one.outcome.median_s);
    images.points.emplace_back(clients, copies(one.scenario, one.outcome));
    connections.points.emplace_back(clients, one.outcome.most_connections);
    each.points.emplace_back(clients, one.outcome.dht_bytes_per_client / 1e3);
    holder.points.emplace_back(clients, one.outcome.holder_peak_bps / 1e3);
    other.points.emplace_back(clients, one.outcome.other_node_peak_bps / 1e3);
  }
  return {{"time-to-last", {"Time until they have fetched", "machines", "seconds", true, true, {last, median}}},
          {"providers", {"Load of the first providers", "machines", "images; connections", true, true, {images, connections}}},
          {"dht", {"DHT traffic", "machines", "KB; kbit/s", true, true, {each, holder, other}}}};
}

}  // namespace phase::sim::model
