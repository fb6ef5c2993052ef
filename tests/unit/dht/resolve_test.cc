// tests/unit/dht/resolve_test.cc
#include "dht/resolve.h"

#include <gtest/gtest.h>

#include <chrono>

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Resolve, TakesLiteralsWithoutAnyResolver) {
  const auto start = std::chrono::steady_clock::now();
  const auto found =
      resolve_nodes({"10.0.0.1:6881", "[2001:db8::1]:6882", "10.0.0.1:6881"}, milliseconds(0));
  ASSERT_TRUE(found.ok()) << found.error().detail;
  EXPECT_EQ(found->size(), 2u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(1));
}

TEST(Resolve, FindsTheNameOfThisMachine) {
  const auto found = resolve_nodes({"localhost:6881"}, seconds(10));
  ASSERT_TRUE(found.ok());
  ASSERT_FALSE(found->empty());
  for (const auto& endpoint : *found) {
    EXPECT_TRUE(endpoint.is_private());
    EXPECT_EQ(endpoint.port, 6881);
  }
}

// The name is in a top-level domain that never exists (RFC 6761), so that no resolver helps; what
// counts is that nobody waits for longer than was said, and that the others are there.
TEST(Resolve, LeavesOutWhatDoesNotResolveInTime) {
  const auto start = std::chrono::steady_clock::now();
  const auto found = resolve_nodes({"no-such-host.invalid:6881", "10.0.0.1:1"}, milliseconds(200));
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(2));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->size(), 1u);
}

TEST(Resolve, RefusesWhatIsNoHostAndPort) {
  for (const char* bad : {"host", "host:", ":6881", "host:0", "host:70000", "host:12x", "a b:1",
                          "2001:db8::1", "[::1]", "10.0.0.1:0", "10.0.0.1:1:1", ""}) {
    const auto found = resolve_nodes({bad}, milliseconds(0));
    ASSERT_FALSE(found.ok()) << bad;
    EXPECT_EQ(found.error().code, ErrorCode::kUsage) << bad;
  }
}

TEST(Resolve, NamesSeveralOperatorsByDefault) {
  EXPECT_GE(default_bootstrap().size(), 3u);
  EXPECT_TRUE(resolve_nodes(default_bootstrap(), milliseconds(0)).ok());
}

}  // namespace
}  // namespace phase::dht
