// tests/unit/dht/modes_test.cc
#include "dht/modes.h"

#include <gtest/gtest.h>

namespace phase::dht {
namespace {

SessionOptions everything_on() {
  SessionOptions options;
  options.nodes = {*parse_endpoint("10.9.9.9:6881")};
  options.port = 6881;
  options.http_port = 8080;
  options.map_ports = true;
  return options;
}

OnLink link_10_78_1() {
  return OnLink({{*parse_address("10.78.1.9", 0), 24}, {*parse_address("2001:db8:1::9", 0), 64}});
}

TEST(Modes, WithoutARestrictionNothingChanges) {
  const auto out = restricted(everything_on());
  ASSERT_TRUE(out.ok());
  EXPECT_TRUE(out->enable_dht);
  EXPECT_TRUE(out->incoming);
  EXPECT_TRUE(out->peer_exchange);
  EXPECT_FALSE(out->read_only_dht);
  EXPECT_EQ(out->http_port, 8080);
  EXPECT_TRUE(out->map_ports);
  EXPECT_EQ(out->nodes.size(), 1u);
}

TEST(Modes, OnTheLinkThereIsNoDhtAndEveryAddressOfOursListens) {
  auto options = everything_on();
  options.only_on_link = link_10_78_1();
  const auto out = restricted(options);
  ASSERT_TRUE(out.ok());
  EXPECT_FALSE(out->enable_dht);
  EXPECT_TRUE(out->nodes.empty());
  EXPECT_TRUE(out->incoming) << "machines on a link serve each other";
  EXPECT_FALSE(out->map_ports);
  ASSERT_EQ(out->listen.size(), 2u);
  EXPECT_EQ(out->listen[0].text(), "10.78.1.9:6881");
  EXPECT_EQ(out->listen[1].text(), "[2001:db8:1::9]:6881");
}

TEST(Modes, OnTheLinkAGivenAddressMustBeOneOfIt) {
  auto options = everything_on();
  options.only_on_link = link_10_78_1();
  options.listen = {*parse_endpoint("10.78.1.9:7"), *parse_endpoint("127.0.0.1:7"),
                    *parse_endpoint("10.78.1.8:7")};
  const auto out = restricted(options);
  ASSERT_TRUE(out.ok());
  ASSERT_EQ(out->listen.size(), 1u);
  EXPECT_EQ(out->listen[0].text(), "10.78.1.9:7");
  options.listen = {*parse_endpoint("127.0.0.1:7")};
  EXPECT_EQ(restricted(options).error().code, ErrorCode::kNoInterface);
  options.listen.clear();
  options.only_on_link = OnLink({});
  EXPECT_EQ(restricted(options).error().code, ErrorCode::kNoInterface);
}

TEST(Modes, AnAnonymousSessionOnlyAsks) {
  auto options = everything_on();
  options.anonymous = true;
  const auto out = restricted(options);
  ASSERT_TRUE(out.ok());
  EXPECT_TRUE(out->enable_dht);
  EXPECT_TRUE(out->read_only_dht);
  EXPECT_FALSE(out->incoming);
  EXPECT_FALSE(out->map_ports);
  EXPECT_FALSE(out->peer_exchange);
  EXPECT_EQ(out->http_port, 0);
}

TEST(Modes, WhatAProxyCannotCarryIsOff) {
  auto options = everything_on();
  options.socks5 = *parse_endpoint("10.78.1.2:9050");
  const auto out = restricted(options);
  ASSERT_TRUE(out.ok());
  EXPECT_FALSE(out->enable_dht);
  EXPECT_TRUE(out->nodes.empty());
  EXPECT_FALSE(out->incoming);
  EXPECT_FALSE(out->map_ports);
  options.only_on_link = link_10_78_1();
  EXPECT_EQ(restricted(options).error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace phase::dht
