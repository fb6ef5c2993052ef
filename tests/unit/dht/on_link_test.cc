// tests/unit/dht/on_link_test.cc
#include "dht/on_link.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace phase::dht {
namespace {

OnLinkNetwork network(const char* address, int prefix) {
  return {*parse_address(address, 0), static_cast<std::uint8_t>(prefix)};
}

bool holds(const OnLink& on_link, const char* address) {
  return on_link.contains(*parse_address(address, 7));
}

TEST(OnLink, HoldsTheNetworksOfItsAddressesAndNothingElse) {
  const OnLink link({network("10.78.1.9", 24), network("2001:db8:1::9", 64)});
  for (const char* on : {"10.78.1.1", "10.78.1.254", "10.78.1.9", "2001:db8:1::1",
                         "2001:db8:1:0:ffff:ffff:ffff:ffff"}) {
    EXPECT_TRUE(holds(link, on)) << on;
  }
  for (const char* off : {"10.78.0.255", "10.78.2.1", "10.77.1.1", "8.8.8.8", "2001:db8:2::1",
                          "2001:db8:0:ffff::1", "::ffff:10.78.1.1"}) {
    EXPECT_FALSE(holds(link, off)) << off;
  }
}

TEST(OnLink, CutsAPrefixWithinAByte) {
  const OnLink link({network("10.78.5.9", 22), network("2001:db8:1::9", 60)});
  EXPECT_TRUE(holds(link, "10.78.4.1"));
  EXPECT_TRUE(holds(link, "10.78.7.254"));
  EXPECT_FALSE(holds(link, "10.78.3.255"));
  EXPECT_FALSE(holds(link, "10.78.8.1"));
  EXPECT_TRUE(holds(link, "2001:db8:1:f::1"));
  EXPECT_FALSE(holds(link, "2001:db8:1:10::1"));
}

TEST(OnLink, LeavesOutWhatIsNobodysAddress) {
  const OnLink link({network("10.78.1.9", 24), network("127.0.0.1", 8), network("224.0.0.1", 4),
                     network("fe80::1", 64), network("0.0.0.1", 8)});
  for (const char* none : {"10.78.1.0", "10.78.1.255", "127.0.0.2", "224.0.0.251", "0.0.0.0",
                           "255.255.255.255", "fe80::2", "ff02::fb", "::1", "::"}) {
    EXPECT_FALSE(holds(link, none)) << none;
  }
}

// RFC 3021: both addresses of a /31 are hosts. A /32 is how clouds lease: everybody else is routed.
TEST(OnLink, TakesTheShortestNetworksAsTheyAre) {
  EXPECT_TRUE(holds(OnLink({network("10.0.0.4", 31)}), "10.0.0.5"));
  EXPECT_FALSE(holds(OnLink({network("10.0.0.4", 32)}), "10.0.0.4"));
  EXPECT_FALSE(holds(OnLink({network("2001:db8::4", 128)}), "2001:db8::4"));
}

TEST(OnLink, RefusesANetworkThatWouldHoldEverybody) {
  const OnLink link({network("10.0.0.4", 0), network("2001:db8::4", 0), network("10.0.0.4", 33)});
  EXPECT_TRUE(link.networks().empty());
  EXPECT_FALSE(holds(link, "8.8.8.8"));
  EXPECT_FALSE(holds(OnLink({}), "10.0.0.4"));
}

TEST(OnLink, GivesTheFirstAndLastAddress) {
  const auto [first, last] = OnLink::range(network("10.78.5.9", 22));
  EXPECT_EQ(first.text(), "10.78.4.0:0");
  EXPECT_EQ(last.text(), "10.78.7.255:0");
  const auto six = OnLink::range(network("2001:db8::9", 124));
  EXPECT_EQ(six.first.host(), "2001:db8::");
  EXPECT_EQ(six.second.host(), "2001:db8::f");
}

TEST(OnLink, TheKernelsWordHoldsNeitherLoopbackNorLinkLocal) {
  const auto link = OnLink::now();
  ASSERT_TRUE(link.ok()) << link.error().detail;
  for (const auto& one : link->networks()) {
    EXPECT_NE(one.address.host().substr(0, 4), "127.");
    EXPECT_NE(one.address.host(), "::1");
    EXPECT_NE(one.address.host().substr(0, 4), "fe80");
    EXPECT_GT(one.prefix, 0);
  }
}

}  // namespace
}  // namespace phase::dht
