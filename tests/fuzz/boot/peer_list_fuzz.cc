// Peers that a provider names over HTTP. Oracle: each is a line of the text, put together again, and
// there are no more than may be.
#include "boot/peer_list.h"

#include <string>

#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

}  // namespace

std::vector<Bytes> seeds() {
  return {bytes("192.0.2.1:6881\n[2001:db8::1]:51413\n"), bytes("192.0.2.1:6881"),
          bytes("<html>\n192.0.2.1:0\n1.2.3.4:65536\n"), bytes("\n\n[::]:1\r\n[fe80::1%eth0]:1\n")};
}

void one(ByteView input) {
  const auto peers = boot::read_peer_list(as_text(input));
  check(peers.size() <= boot::kMaxNamedPeers, "more peers than may be");
  for (const Endpoint& peer : peers) {
    check(peer.port != 0, "a peer without a port");
    const auto again = parse_endpoint(peer.text());
    check(again && *again == peer, "put together again it is another peer");
  }
}

}  // namespace phase::fuzz
