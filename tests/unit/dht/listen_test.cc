// tests/unit/dht/listen_test.cc
#include "dht/listen.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace phase::dht {
namespace {

TEST(Listen, TakesEveryAddressOfTheMachineWhereNoneIsGiven) {
  const auto found = listen_endpoints(SessionOptions{});
  ASSERT_TRUE(found.ok()) << found.error().detail;
  ASSERT_FALSE(found->empty());
  for (const auto& endpoint : *found) {
    EXPECT_EQ(endpoint.port, found->front().port) << "peers are told one port";
    EXPECT_NE(endpoint.port, 0);
    EXPECT_NE(endpoint.address, decltype(endpoint.address){}) << "a wildcard starts no DHT node";
  }
}

TEST(Listen, GivesOnePortToAllAddressesWithoutOne) {
  SessionOptions options;
  options.listen = {*parse_endpoint("127.0.0.1:0"), *parse_endpoint("127.0.0.2:0"),
                    *parse_endpoint("127.0.0.3:4000")};
  const auto found = listen_endpoints(options);
  ASSERT_TRUE(found.ok());
  EXPECT_NE((*found)[0].port, 0);
  EXPECT_EQ((*found)[0].port, (*found)[1].port);
  EXPECT_EQ((*found)[2].port, 4000);
}

TEST(Listen, KeepsAGivenPort) {
  const auto all = interface_addresses(4711);
  ASSERT_FALSE(all.empty());
  EXPECT_TRUE(std::all_of(all.begin(), all.end(), [](const auto& e) { return e.port == 4711; }));
}

}  // namespace
}  // namespace phase::dht
