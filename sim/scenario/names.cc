#include "sim/scenario/names.h"

namespace phase::sim {

std::span<const std::string_view> attack_names() {
  static constexpr std::array<std::string_view, 21> kNames{
      "peer corrupt",    "peer truncate",  "peer lie-length",    "peer stall",     "peer never-end",
      "peer swap",       "peer replay",    "peer forge-hashes",  "peer mute",      "peer garbage",
      "peer pex-nowhere", "peer pex-flood", "peer pex-bystander", "peer pex-again", "peer pex-garbage",
      "dht replay",      "dht forge",      "dht bogus",          "lan silent",     "lan many",
      "lan flitting"};
  return kNames;
}

std::string role_name(HostRole role) {
  return std::string(kRoleNames.at(static_cast<std::size_t>(role)));
}

std::string action_name(Action action) {
  return std::string(kActionNames.at(static_cast<std::size_t>(action)));
}

}  // namespace phase::sim
