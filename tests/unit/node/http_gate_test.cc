#include "node/http_gate.h"

#include <gtest/gtest.h>

#include <vector>

namespace phase::node {
namespace {

Endpoint at(const char* text) { return *parse_endpoint(text); }

TEST(HttpGate, CapsConnectionsOfOneAddress) {
  HttpGate gate(10, 2);
  auto one = gate.enter(at("192.0.2.1:1"));
  auto two = gate.enter(at("192.0.2.1:2"));
  EXPECT_TRUE(one && two);
  EXPECT_FALSE(gate.enter(at("192.0.2.1:3")));
  EXPECT_TRUE(gate.enter(at("192.0.2.2:3")));
  one.reset();
  EXPECT_TRUE(gate.enter(at("192.0.2.1:4")));
}

TEST(HttpGate, AnIpv6ClientIsItsSubnet) {
  HttpGate gate(10, 1);
  const auto one = gate.enter(at("[2001:db8::1]:1"));
  EXPECT_TRUE(one);
  EXPECT_FALSE(gate.enter(at("[2001:db8::ffff:2]:1")));
  EXPECT_TRUE(gate.enter(at("[2001:db8:0:1::1]:1")));
}

TEST(HttpGate, CapsAllTogether) {
  HttpGate gate(3, 2);
  std::vector<HttpGate::Pass> passes;
  for (const char* text : {"192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1"}) {
    auto pass = gate.enter(at(text));
    ASSERT_TRUE(pass);
    passes.push_back(std::move(*pass));
  }
  EXPECT_EQ(gate.active(), 3u);
  EXPECT_FALSE(gate.enter(at("192.0.2.4:1")));
  passes.clear();
  EXPECT_EQ(gate.active(), 0u);
  EXPECT_TRUE(gate.enter(at("192.0.2.4:1")));
}

}  // namespace
}  // namespace phase::node
