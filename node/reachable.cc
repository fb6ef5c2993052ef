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

std::string came(std::uint64_t connections, MonoTime last, MonoTime now, const std::string& how) {
  const auto ago = std::chrono::duration_cast<std::chrono::seconds>(now - last);
  return std::to_string(connections) + " connections came from beyond the link" + how +
         ", the last one " + std::to_string(ago.count()) + " s ago";
}

/// "TCP port 7000 (NAT-PMP)"; empty where none is.
std::string handed_on(const dht::Reachability& facts, bool http) {
  const auto& all = facts.mappings;
  const auto found = std::find_if(all.begin(), all.end(), [&](const dht::PortMapping& one) {
    return one.tcp && one.http == http;
  });
  if (found == all.end()) return "";
  return "TCP port " + std::to_string(found->port) + " (" + found->by + ")";
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
  static constexpr std::array kNames = {"yes", "maybe", "by hole punching", "no"};
  return kNames.at(static_cast<std::size_t>(reached));
}

ReachedVerdict judge_reachability(const dht::Reachability& facts,
                                  const std::vector<Endpoint>& listening, MonoTime now) {
  if (facts.strangers > 0 && facts.last_stranger) {
    return {Reached::kYes, came(facts.strangers, *facts.last_stranger, now, "")};
  }
  const std::string peers = handed_on(facts, false), http = handed_on(facts, true);
  if (!peers.empty()) {
    return {Reached::kMaybe, "a router hands on its " + peers +
                                 (http.empty() ? "" : " and, for HTTP, its " + http) +
                                 "; nobody has come from beyond the link yet"};
  }
  const auto open = std::find_if(listening.begin(), listening.end(),
                                 [](const Endpoint& at) { return !at.is_private(); });
  if (open != listening.end()) {
    return {Reached::kMaybe,
            open->text() + " is a public address; nobody has come from beyond the link yet"};
  }
  if (facts.punched > 0 && facts.last_punched) {
    return {Reached::kPunched, came(facts.punched, *facts.last_punched, now,
                                    " by uTP, which this node's own packets had opened the way") +
                                   "; otherwise " + no_way_in(facts)};
  }
  return {Reached::kNo, no_way_in(facts)};
}

}  // namespace phase::node
