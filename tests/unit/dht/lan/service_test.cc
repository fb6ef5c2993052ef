// Goal: what a node says in its TXT record is understood, and what is none is refused or passed
// over as docs/LAN.md says.
#include "dht/lan/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace phase::dht {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Txt = std::vector<std::string>;

const LanRelease kRelease{"0123456789abcdef", "stable", "x86_64", 7};

TEST(LanTxt, GoesThereAndBack) {
  const LanService service{6881, 8080, {kRelease, {"fedcba9876543210", "edge", "aarch64", 1}}};
  const auto txt = encode_txt(service);
  EXPECT_THAT(txt, ElementsAre("v=1", "p=6881", "h=8080", "r0=0123456789abcdef/stable/x86_64/7",
                               "r1=fedcba9876543210/edge/aarch64/1"));
  const auto back = decode_txt(txt);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, service);
  const LanService fetches{6881, 0, {}, {kRelease}};
  EXPECT_THAT(encode_txt(fetches),
              ElementsAre("v=1", "p=6881", "f0=0123456789abcdef/stable/x86_64/7"));
  const auto same = decode_txt(encode_txt(fetches));
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(*same, fetches);
  const auto nothing = decode_txt(encode_txt({}));
  ASSERT_TRUE(nothing.ok());
  EXPECT_EQ(*nothing, LanService{});
}

TEST(LanTxt, LeavesOutReleasesThatDoNotFitFromTheEnd) {
  LanService service{6881, 8080, {}};
  for (std::uint64_t i = 1; i <= 20; ++i) {
    service.releases.push_back({"0123456789abcdef", std::string(40, 'c'), "x86_64",
                                UINT64_MAX - i});
  }
  const auto txt = encode_txt(service);
  std::size_t bytes = 0;
  for (const auto& text : txt) bytes += 1 + text.size();
  EXPECT_LE(bytes, kMaxTxtBytes);
  EXPECT_GT(bytes, kMaxTxtBytes - 100);
  const auto back = decode_txt(txt);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->releases.front(), service.releases.front());
  for (auto& release : service.releases) release.channel = "c";
  EXPECT_EQ(encode_txt(service).size(), 3 + kMaxLanReleases);
}

TEST(LanTxt, PassesOverWhatItDoesNotKnow) {
  const auto service = decode_txt({"V=1", "p=1", "P=2", "future", "x=y", "=", "",
                                   "r0=0123456789abcdef/stable/amd64/7", "r0=again",
                                   "r1=0123456789abcdef/stable/mips/7",
                                   "r2=0123456789abcdef/Stable/x86_64/7",
                                   "r3=0123456789abcdef/stable/x86_64/0",
                                   "r4=0123456789abcdef/stable/x86_64/07",
                                   "r5=0123456789ABCDEF/stable/x86_64/7",
                                   "r6=0123456789abcdef/stable/x86_64/7/8",
                                   "r7=0123456789abcdef/stable/x86_64/99999999999999999999",
                                   "r=", "rx=1"});
  ASSERT_TRUE(service.ok());
  EXPECT_EQ(service->peer_port, 1);
  EXPECT_THAT(service->releases, ElementsAre(kRelease));
}

TEST(LanTxt, RefusesByNamedRules) {
  const std::vector<std::pair<Txt, std::string>> wrong = {
      {{}, "no format"},
      {{"p=1"}, "no format"},
      {{"v=2", "p=1"}, "not known"},
      {{"v=", "p=1"}, "not known"},
      {{"v=1", "p=65536"}, "port"},
      {{"v=1", "h=-1"}, "port"},
      {{"v=1", "h=08080"}, "port"},
      {{"v=1", "h="}, "port"},
      {{"v=1", std::string(256, 'x')}, "255 bytes"},
      {Txt(6, std::string(255, 'x')), "1,300 bytes"},
      {Txt(65, "x=1"), "64 strings"}};
  for (const auto& [txt, rule] : wrong) {
    const auto service = decode_txt(txt);
    ASSERT_FALSE(service.ok()) << rule;
    EXPECT_EQ(service.error().code, ErrorCode::kMalformed);
    EXPECT_THAT(service.error().detail, HasSubstr(rule));
  }
}

TEST(LanNode, OffersTheHighestVersionOfOneOfTheKeys) {
  PublicKey ours;
  ours.bytes[0] = 1;
  PublicKey other;
  other.bytes[0] = 2;
  LanNode node;
  node.service.releases = {{ours.id(), "stable", "x86_64", 3},
                           {ours.id(), "stable", "x86_64", 5},
                           {ours.id(), "stable", "x86_64", 4},
                           {other.id(), "stable", "x86_64", 9},
                           {ours.id(), "edge", "x86_64", 11},
                           {ours.id(), "stable", "aarch64", 12}};
  EXPECT_EQ(node.offers({ours}, "stable", "x86_64"), 5U);
  EXPECT_EQ(node.offers({ours, other}, "stable", "x86_64"), 9U);
  EXPECT_EQ(node.offers({other}, "edge", "x86_64"), 0U);
  EXPECT_EQ(node.offers({}, "stable", "x86_64"), 0U);
  EXPECT_EQ(node.fetches({ours}, "stable", "x86_64"), 0U);
}

TEST(LanNode, WhatItFetchesIsNotWhatItOffers) {
  PublicKey ours;
  ours.bytes[0] = 1;
  LanNode node;
  node.service.fetching = {{ours.id(), "stable", "x86_64", 3}};
  EXPECT_EQ(node.fetches({ours}, "stable", "x86_64"), 3U);
  EXPECT_EQ(node.offers({ours}, "stable", "x86_64"), 0U);
  EXPECT_TRUE(node.service.only_fetches());
  node.service.releases = {{ours.id(), "edge", "x86_64", 1}};
  EXPECT_FALSE(node.service.only_fetches());
}

}  // namespace
}  // namespace phase::dht
