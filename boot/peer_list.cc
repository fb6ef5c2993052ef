#include "boot/peer_list.h"

#include <algorithm>

namespace phase::boot {

std::vector<Endpoint> read_peer_list(std::string_view text) {
  std::vector<Endpoint> out;
  while (!text.empty() && out.size() < kMaxNamedPeers) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto peer = parse_endpoint(line);
    if (!peer || peer->port == 0) continue;
    if (std::find(out.begin(), out.end(), *peer) == out.end()) out.push_back(*peer);
  }
  return out;
}

}  // namespace phase::boot
