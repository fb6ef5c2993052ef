// tests/unit/dht/node_id_test.cc
#include "dht/node_id.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace phase::dht {
namespace {

Endpoint at(const char* text) {
  const auto endpoint = parse_endpoint(text);
  EXPECT_TRUE(endpoint.has_value()) << text;
  return endpoint.value_or(Endpoint{});
}

/// `begin` in hexadecimal, zeros, and the last byte.
Sha1 id(std::string_view begin, std::uint8_t last = 0) {
  Sha1 out{};
  const auto bytes = from_hex(begin);
  EXPECT_TRUE(bytes.has_value());
  std::copy(bytes->begin(), bytes->end(), out.begin());
  out.back() = last;
  return out;
}

TEST(NodeId, DistanceIsXor) {
  EXPECT_EQ(distance(id("ff00aa"), id("0f00a0")), id("f0000a"));
  EXPECT_LT(distance(id("80"), id("81")), distance(id("80"), id("00")));
}

// The examples of BEP 42.
TEST(NodeId, FitsItsAddressAsBep42Says) {
  EXPECT_TRUE(id_fits_address(id("5fbfbf", 1), at("124.31.75.21:1")));
  EXPECT_TRUE(id_fits_address(id("5a3ce9", 86), at("21.75.31.124:1")));
  EXPECT_TRUE(id_fits_address(id("a5d432", 22), at("65.23.51.170:1")));
  EXPECT_TRUE(id_fits_address(id("1b0321", 65), at("84.124.73.14:1")));
  EXPECT_TRUE(id_fits_address(id("e56f6c", 90), at("43.213.53.83:1")));
}

TEST(NodeId, OfAnotherAddressDoesNotFit) {
  EXPECT_FALSE(id_fits_address(id("5fbfbf", 1), at("124.31.75.22:1")));
  EXPECT_FALSE(id_fits_address(id("5fbfbf", 2), at("124.31.75.21:1")));
  EXPECT_FALSE(id_fits_address(id("5fbfb7", 1), at("124.31.75.21:1")));
  EXPECT_TRUE(id_fits_address(id("5fbfb8", 1), at("124.31.75.21:1")));  // 21 bits count.
  EXPECT_FALSE(id_fits_address(id("5fbfbf", 1), at("[2001:4860::1]:1")));
}

TEST(NodeId, OfAPrivateAddressAlwaysFits) {
  for (const char* address : {"10.1.2.3:1", "192.168.0.9:1", "127.0.0.1:1", "[fd00::1]:1"}) {
    EXPECT_TRUE(id_fits_address(id("00"), at(address))) << address;
  }
}

TEST(CanBeAsked, LeavesOutWhatCannotBeANode) {
  const Standpoint here{false, {at("10.0.0.1:6881")}};
  EXPECT_TRUE(can_be_asked(at("10.0.0.2:6881"), here));
  EXPECT_TRUE(can_be_asked(at("10.0.0.1:6882"), here));
  for (const char* no : {"10.0.0.1:6881", "10.0.0.2:0", "0.0.0.0:6881", "255.255.255.255:6881",
                         "224.0.0.251:5353", "240.0.0.1:6881", "[2001:4860::1]:6881"}) {
    EXPECT_FALSE(can_be_asked(at(no), here)) << no;
  }
  const Standpoint both{false, {at("10.0.0.1:6881"), at("[fd00::1]:6881")}};
  EXPECT_TRUE(can_be_asked(at("[2001:4860::1]:6881"), both));
  EXPECT_FALSE(can_be_asked(at("[ff02::fb]:5353"), both));
  EXPECT_FALSE(can_be_asked(at("[::]:6881"), both));
}

TEST(CanBeAsked, LeavesOutPrivateAddressesOnThePublicNetwork) {
  const Standpoint here{true, {at("192.168.0.2:6881")}};
  EXPECT_TRUE(can_be_asked(at("8.8.8.8:53"), here));
  for (const char* no : {"192.168.0.1:80", "127.0.0.1:22", "10.1.1.1:6881", "169.254.0.1:1"}) {
    EXPECT_FALSE(can_be_asked(at(no), here)) << no;
  }
}

}  // namespace
}  // namespace phase::dht
