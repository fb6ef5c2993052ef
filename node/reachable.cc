#include "node/reachable.h"

#include <algorithm>
#include <array>

namespace phase::node {
namespace {

std::string list(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : "; ") + part;
  return out;
}

std::string no_way_in(const dht::Reachability& facts) {
  std::string why = "this host has private addresses only";
  std::vector<std::string> seen;
  for (const Endpoint& as : facts.seen_as) seen.push_back(as.host());
  if (!seen.empty()) why += ", others see it as " + list(seen);
  if (!facts.asks_routers) return why + "; routers are not asked to let strangers in";
  if (facts.failures.empty()) return why + "; no router has answered yet";
  return why + "; no router lets strangers in: " + list(facts.failures);
}

}  // namespace

const char* reached_name(Reached reached) {
  static constexpr std::array kNames = {"yes", "maybe", "no"};
  return kNames.at(static_cast<std::size_t>(reached));
}

ReachedVerdict judge_reachability(const dht::Reachability& facts,
                                  const std::vector<Endpoint>& listening, MonoTime now) {
  if (facts.strangers > 0 && facts.last_stranger) {
    const auto ago = std::chrono::duration_cast<std::chrono::seconds>(now - *facts.last_stranger);
    return {Reached::kYes, std::to_string(facts.strangers) +
                               " connections came from beyond the link, the last one " +
                               std::to_string(ago.count()) + " s ago"};
  }
  const auto mapped = std::find_if(facts.mappings.begin(), facts.mappings.end(),
                                   [](const dht::PortMapping& one) { return one.tcp; });
  if (mapped != facts.mappings.end()) {
    return {Reached::kMaybe, "a router hands on its TCP port " + std::to_string(mapped->port) +
                                 " (" + mapped->by + "); nobody has come from beyond the link yet"};
  }
  const auto open = std::find_if(listening.begin(), listening.end(),
                                 [](const Endpoint& at) { return !at.is_private(); });
  if (open != listening.end()) {
    return {Reached::kMaybe,
            open->text() + " is a public address; nobody has come from beyond the link yet"};
  }
  return {Reached::kNo, no_way_in(facts)};
}

}  // namespace phase::node
