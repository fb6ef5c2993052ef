// Goal: a person reads whether strangers reach a node and why not. Method: facts made by hand.
#include "node/reachable.h"

#include <gmock/gmock.h>

namespace phase::node {
namespace {

using testing::HasSubstr;

const Endpoint kPrivate = *parse_endpoint("192.168.1.7:6881");
const Endpoint kPublic = *parse_endpoint("198.51.100.7:6881");
const MonoTime kNow{std::chrono::seconds(1000)};

TEST(Reachable, AStrangerWhoCameIsTheProof) {
  dht::Reachability facts;
  facts.strangers = 3;
  facts.last_stranger = kNow - std::chrono::seconds(12);
  const auto verdict = judge_reachability(facts, {kPrivate}, kNow);
  EXPECT_EQ(verdict.reached, Reached::kYes);
  EXPECT_THAT(verdict.why, HasSubstr("3 connections came from beyond the link, the last one 12 s"));
}

TEST(Reachable, AMappedPortAndAPublicAddressMayBeEnough) {
  dht::Reachability facts;
  facts.mappings = {{"UPnP", false, false, 6881, kPrivate}};
  EXPECT_EQ(judge_reachability(facts, {kPrivate}, kNow).reached, Reached::kNo) << "UDP alone";
  facts.mappings.push_back({"NAT-PMP", true, false, 7000, kPrivate});
  const auto mapped = judge_reachability(facts, {kPrivate}, kNow);
  EXPECT_EQ(mapped.reached, Reached::kMaybe);
  EXPECT_THAT(mapped.why, HasSubstr("its TCP port 7000 (NAT-PMP);"));
  facts.mappings.push_back({"NAT-PMP", true, true, 8080, kPrivate});
  EXPECT_THAT(judge_reachability(facts, {kPrivate}, kNow).why,
              HasSubstr("7000 (NAT-PMP) and, for HTTP, its TCP port 8080 (NAT-PMP);"));

  const auto open = judge_reachability({}, {kPrivate, kPublic}, kNow);
  EXPECT_EQ(open.reached, Reached::kMaybe);
  EXPECT_THAT(open.why, HasSubstr("198.51.100.7:6881"));
}

TEST(Reachable, WhoComesThroughAPunchedHoleIsNoProofThatOthersDo) {
  dht::Reachability facts;
  facts.punches_holes = true;
  facts.punched = 2;
  facts.last_punched = kNow - std::chrono::seconds(7);
  const auto verdict = judge_reachability(facts, {kPrivate}, kNow);
  EXPECT_EQ(verdict.reached, Reached::kPunched);
  EXPECT_STREQ(reached_name(verdict.reached), "by hole punching");
  EXPECT_THAT(verdict.why, HasSubstr("2 connections came from beyond the link by uTP"));
  EXPECT_THAT(verdict.why, HasSubstr("this host has private addresses only"));

  facts.strangers = 1;
  facts.last_stranger = kNow;
  EXPECT_EQ(judge_reachability(facts, {kPrivate}, kNow).reached, Reached::kYes);
}

TEST(Reachable, OtherwiseItSaysWhatStandsInTheWay) {
  dht::Reachability facts;
  EXPECT_THAT(judge_reachability(facts, {kPrivate}, kNow).why, HasSubstr("routers are not asked"));
  facts.asks_routers = true;
  EXPECT_THAT(judge_reachability(facts, {kPrivate}, kNow).why, HasSubstr("has answered yet"));
  facts.failures = {"UPnP at 192.168.1.7: no router found"};
  facts.seen_as = {kPublic};
  const auto verdict = judge_reachability(facts, {kPrivate, *parse_endpoint("[fe80::1]:6881")}, kNow);
  EXPECT_EQ(verdict.reached, Reached::kNo);
  EXPECT_THAT(verdict.why, HasSubstr("others see it as 198.51.100.7"));
  EXPECT_THAT(verdict.why, HasSubstr("UPnP at 192.168.1.7: no router found"));
}

}  // namespace
}  // namespace phase::node
