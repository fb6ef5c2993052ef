// Goal: what is stored goes to the nearest nodes that answer, and waits for nobody who is farther
// or silent. Method: distances as they come.
#include "dht/store_nodes.h"

#include <gmock/gmock.h>

namespace phase::dht {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Sha1 far(std::uint8_t distance) {
  Sha1 out{};
  out[0] = distance;
  return out;
}
Endpoint at(int host) { return *parse_endpoint("10.0.0." + std::to_string(host) + ":1"); }
std::vector<std::string> said(const std::vector<StoreNodes::Node>& nodes) {
  std::vector<std::string> out;
  for (const auto& node : nodes) out.push_back(node.at.host() + "=" + node.token);
  return out;
}

TEST(StoreNodes, AreTakenOnceNobodyNearerMayAnswer) {
  StoreNodes nodes;
  nodes.answered(far(4), at(4), "d");
  nodes.answered(far(2), at(2), "b");
  EXPECT_THAT(said(nodes.take(far(1))), IsEmpty());
  EXPECT_THAT(said(nodes.take(far(3))), ElementsAre("10.0.0.2=b"));
  EXPECT_THAT(said(nodes.take(std::nullopt)), ElementsAre("10.0.0.4=d")) << "each once";
  EXPECT_THAT(said(nodes.take(std::nullopt)), IsEmpty());
}

TEST(StoreNodes, AreTheEightNearest) {
  StoreNodes nodes;
  EXPECT_TRUE(nodes.empty());
  for (int i = 20; i > 0; --i) nodes.answered(far(static_cast<std::uint8_t>(i)), at(i), "t");
  EXPECT_TRUE(nodes.enough());
  const auto taken = nodes.take(std::nullopt);
  ASSERT_EQ(taken.size(), StoreNodes::kNodes);
  EXPECT_EQ(taken.back().at, at(8));
  nodes.answered(far(30), at(30), "late and far");
  EXPECT_THAT(said(nodes.take(std::nullopt)), IsEmpty());
  nodes.answered(far(0), at(99), "late and near");
  EXPECT_THAT(said(nodes.take(std::nullopt)), ElementsAre("10.0.0.99=late and near"));
}

TEST(StoreNodes, KeepTheFirstTokenOfANode) {
  StoreNodes nodes;
  nodes.answered(far(1), at(1), "first");
  EXPECT_THAT(said(nodes.take(std::nullopt)), ElementsAre("10.0.0.1=first"));
  nodes.answered(far(1), at(1), "second");
  EXPECT_THAT(said(nodes.take(std::nullopt)), IsEmpty());
}

}  // namespace
}  // namespace phase::dht
