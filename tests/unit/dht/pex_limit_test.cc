// Goal: whoever names peers that are none has us try few addresses, and few ports of one host.
#include "dht/pex_limit.h"

#include <gtest/gtest.h>

namespace phase::dht {
namespace {

Endpoint at(const char* text) { return *parse_endpoint(text); }

/// Hosts of their own, from the `first` on.
std::vector<Endpoint> hosts(int first, std::size_t count) {
  std::vector<Endpoint> out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<std::size_t>(first) + i;
    Endpoint one = at("203.0.0.0:6881");
    one.address[2] = static_cast<std::uint8_t>(number / 250);
    one.address[3] = static_cast<std::uint8_t>(1 + number % 250);
    out.push_back(one);
  }
  return out;
}

std::vector<Endpoint> ports(const char* host, int first, int count) {
  std::vector<Endpoint> out;
  for (int i = 0; i < count; ++i) out.push_back(*parse_address(host, static_cast<std::uint16_t>(first + i)));
  return out;
}

TEST(PexLimit, WhatOneNamesIsTriedOnce) {
  PexLimit limit;
  const auto named = hosts(0, 50);
  EXPECT_EQ(limit.admit(at("192.0.2.1:1"), named), named);
  EXPECT_TRUE(limit.admit(at("192.0.2.1:1"), named).empty());
  EXPECT_EQ(limit.admit(at("192.0.2.2:1"), named), named) << "another's word is its own";
}

TEST(PexLimit, AnAddressNamesSoManyHoweverOftenItConnects) {
  PexLimit limit;
  std::size_t taken = 0;
  for (int i = 0; i < 40; ++i) {
    const Endpoint again = *parse_address("192.0.2.1", static_cast<std::uint16_t>(1000 + i));
    taken += limit.admit(again, hosts(i * 50, 50)).size();
  }
  EXPECT_EQ(taken, PexLimit::kPeersOfOne);
}

TEST(PexLimit, AnIPv6NetworkIsOneNamer) {
  PexLimit limit;
  std::size_t taken = 0;
  for (int i = 0; i < 40; ++i) {
    Endpoint again = at("[2001:db8:1:2::1]:6881");
    again.address[15] = static_cast<std::uint8_t>(i);
    taken += limit.admit(again, hosts(i * 50, 50)).size();
  }
  EXPECT_EQ(taken, PexLimit::kPeersOfOne);
  EXPECT_EQ(limit.admit(at("[2001:db8:1:3::1]:6881"), hosts(0, 50)).size(), 50U);
}

TEST(PexLimit, OfOneHostFewPortsAreTried) {
  PexLimit limit;
  for (int i = 0; i < 40; ++i) {
    const auto tried = limit.admit(at("192.0.2.1:1"), ports("198.51.100.7", 1 + i * 50, 50));
    EXPECT_EQ(tried.size(), i == 0 ? PexLimit::kPortsOfHost : 0U);
  }
  EXPECT_EQ(limit.admit(at("192.0.2.1:1"), hosts(0, 50)).size(), 50U) << "others are tried all the same";
}

TEST(PexLimit, NobodyElseNamesOurLoopback) {
  PexLimit limit;
  const std::vector<Endpoint> own = {at("127.0.0.1:8081"), at("[::1]:8081"), at("203.0.113.1:1")};
  EXPECT_EQ(limit.admit(at("192.0.2.1:1"), own), std::vector<Endpoint>{own[2]});
  EXPECT_EQ(limit.admit(at("127.0.0.2:1"), own), own);
}

TEST(PexLimit, SoManyNamersAreRemembered) {
  PexLimit limit;
  for (const Endpoint& namer : hosts(0, PexLimit::kMaxNamers)) {
    ASSERT_EQ(limit.admit(namer, hosts(2000, 1)).size(), 1U);
  }
  EXPECT_TRUE(limit.admit(at("192.0.2.1:1"), hosts(2000, 1)).empty());
  EXPECT_EQ(limit.admit(hosts(0, 1).front(), hosts(2001, 1)).size(), 1U);
}

}  // namespace
}  // namespace phase::dht
