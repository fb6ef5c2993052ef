#include "dht/ut_pex.h"

#include <gtest/gtest.h>

#include <libtorrent/bdecode.hpp>
#include <libtorrent/error_code.hpp>

#include "dht/rendezvous.h"

namespace phase::dht {
namespace {

std::optional<PexOffer> offer_of(const std::string& handshake) {
  libtorrent::error_code error;
  return pex_offer(libtorrent::bdecode(handshake, error));
}

Endpoint at(const char* text) { return *parse_endpoint(text); }

TEST(UtPex, IsOfferedWithANumberAndAPort) {
  const auto offer = offer_of("d1:md6:ut_pexi7ee1:pi6881ee");
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->number, 7);
  EXPECT_EQ(offer->port, 6881);
  for (const char* no_port : {"d1:md6:ut_pexi7eee", "d1:md6:ut_pexi7ee1:pi65536ee",
                              "d1:md6:ut_pexi7ee1:pi-1ee"}) {
    ASSERT_TRUE(offer_of(no_port)) << no_port;
    EXPECT_EQ(offer_of(no_port)->port, 0) << no_port;
  }
  for (const char* none : {"d1:pi6881ee", "d1:md6:ut_pexi0ee1:pi6881ee",
                           "d1:md6:ut_pexi256ee1:pi6881ee", "le", ""}) {
    EXPECT_FALSE(offer_of(none)) << none;
  }
}

TEST(UtPex, NamesPeersOfBothFamilies) {
  const std::vector<Endpoint> peers = {at("192.0.2.1:6881"), at("192.0.2.2:1"), at("[2001:db8::1]:6881")};
  const std::string message = pex_message(7, peers);
  ASSERT_GT(message.size(), 6u);
  EXPECT_EQ(static_cast<unsigned char>(message[2]) * 256U + static_cast<unsigned char>(message[3]),
            message.size() - 4);
  EXPECT_EQ(message[4], 20) << "BEP 10";
  EXPECT_EQ(message[5], 7);
  EXPECT_EQ(pex_peers(as_bytes(std::string_view(message).substr(6))), peers);
}

TEST(UtPex, OfAMessageFiftyPeersCount) {
  std::string many = "d5:added600:";
  for (int i = 1; i <= 100; ++i) many += std::string("\x0a\x00\x00", 3) + static_cast<char>(i) + "\x1a\xe1";
  EXPECT_EQ(pex_peers(as_bytes(many + "e")).size(), kMaxPexPeers);
  EXPECT_TRUE(pex_peers(as_bytes("d5:added6:\x0a\x01\x01\x01")).empty());
  EXPECT_TRUE(pex_peers(as_bytes(std::string("d5:added6:\x0a\x01\x01\x01\x00\x00" "e", 17))).empty());
  EXPECT_TRUE(pex_peers(as_bytes("i5e")).empty());
}

TEST(NamedPeers, HoldsSoManyUntilTheyAreTaken) {
  NamedPeers named;
  for (int i = 1; i <= 200; ++i) {
    Endpoint namer = at("192.0.2.0:6881"), first = at("198.51.100.0:1"), second = at("203.0.113.0:1");
    namer.address[3] = first.address[3] = second.address[3] = static_cast<std::uint8_t>(i);
    named.add(namer, {first, second, first});
  }
  EXPECT_EQ(named.take().size(), NamedPeers::kMaxPeers);
  EXPECT_TRUE(named.take().empty());
}

}  // namespace
}  // namespace phase::dht
