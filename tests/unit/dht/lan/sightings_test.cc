// Goal: what a link full of strangers says becomes a bounded, sound list of nodes. Method: reports
// and time are values.
#include "dht/lan/sightings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace phase::dht::lan {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const MonoTime kStart{std::chrono::hours(1)};

Seen at(const std::string& instance, const std::string& address, std::uint32_t interface = 2,
        bool v6 = false) {
  return {interface, v6, instance, address, 8080, {"v=1", "p=6881", "h=8080"}};
}

const LanNode* found(const std::vector<LanEvent>& events) {
  for (const auto& event : events) {
    if (const auto* one = std::get_if<LanFound>(&event)) return &one->node;
  }
  return nullptr;
}

std::string addresses(const LanNode& node) {
  std::string out;
  for (const auto& address : node.addresses) out += address.host() + " ";
  return out;
}

TEST(Sightings, MergeInterfacesAndProtocolsIntoOneNode) {
  Sightings sightings;
  const auto first = sightings.seen(at("node", "10.0.0.1"));
  ASSERT_NE(found(first), nullptr);
  EXPECT_EQ(found(first)->service.peer_port, 6881);
  EXPECT_THAT(sightings.seen(at("node", "10.0.0.1", 2, true)), IsEmpty()) << "nothing new";
  EXPECT_THAT(sightings.seen(at("node", "10.0.0.1", 3)), IsEmpty());
  const auto second = sightings.seen(at("node", "fd77::1"));
  ASSERT_NE(found(second), nullptr);
  EXPECT_EQ(addresses(*found(second)), "10.0.0.1 fd77::1 ");
  EXPECT_THAT(sightings.nodes(), SizeIs(1));

  EXPECT_EQ(found(sightings.lost({3, false, "node"})), nullptr);
  const auto fewer = sightings.lost({2, false, "node"});  // Both addresses that came that way.
  ASSERT_EQ(found(fewer) == nullptr ? "none" : addresses(*found(fewer)), "10.0.0.1 ");
  const auto gone = sightings.lost({2, true, "node"});
  ASSERT_THAT(gone, SizeIs(1));
  EXPECT_EQ(std::get<LanGone>(gone[0]).instance, "node");
  EXPECT_THAT(sightings.lost({2, true, "node"}), IsEmpty());
}

TEST(Sightings, TellWhatChanges) {
  Sightings sightings;
  (void)sightings.seen(at("node", "10.0.0.1"));
  auto changed = at("node", "10.0.0.1");
  changed.txt.emplace_back("r0=0123456789abcdef/stable/x86_64/7");
  const auto events = sightings.seen(changed);
  ASSERT_NE(found(events), nullptr);
  EXPECT_EQ(found(events)->service.releases.front().version, 7U);
  const auto moved = sightings.seen([&] {
    auto seen = changed;
    seen.address = "10.0.0.2";
    return seen;
  }());
  ASSERT_NE(found(moved), nullptr);
  EXPECT_EQ(addresses(*found(moved)), "10.0.0.2 ");
}

TEST(Sightings, TakeNoAddressThatCannotBeAsked) {
  Sightings sightings;
  for (const char* address : {"127.0.0.1", "0.0.0.0", "224.0.0.251", "255.255.255.255", "::1", "::",
                              "fe80::1", "ff02::fb", "::ffff:127.0.0.1", "name", "",
                              "10.0.0.1:80"}) {
    EXPECT_THAT(sightings.seen(at("node", address)), IsEmpty()) << address;
  }
  EXPECT_THAT(sightings.nodes(), IsEmpty());
}

TEST(Sightings, NeverReportOurOwnService) {
  Sightings sightings;
  sightings.set_own("us");
  EXPECT_THAT(sightings.seen(at("us", "10.0.0.1")), IsEmpty());
  EXPECT_THAT(sightings.nodes(), IsEmpty());
}

TEST(Sightings, CleanNamesAndSayFewThingsOfTheRefused) {
  Sightings sightings;
  const auto events = sightings.seen(at("\x1b[2J", "10.0.0.1"));
  ASSERT_NE(found(events), nullptr);
  EXPECT_EQ(found(events)->instance, "\\027[2J");
  std::size_t notes = 0;
  for (int i = 0; i < 1000; ++i) {
    auto wrong = at("wrong " + std::to_string(i), "10.0.0.1");
    wrong.txt = {"v=9"};
    notes += sightings.seen(wrong).size();
  }
  EXPECT_GE(notes, 1U);
  EXPECT_LE(notes, 10U);
  EXPECT_THAT(sightings.nodes(), SizeIs(1));
}

TEST(Sightings, TakeThePortOfTheServiceWhereTheTxtSaysNone) {
  Sightings sightings;
  auto seen = at("node", "10.0.0.1");
  seen.txt = {"v=1"};
  const auto events = sightings.seen(seen);
  ASSERT_NE(found(events), nullptr);
  EXPECT_EQ(found(events)->service.http_port, 8080);
}

// A thousand services at one address hide nobody: it has room for a few.
TEST(Sightings, AFloodFromOneAddressLeavesRoomForOthers) {
  Sightings sightings;
  ASSERT_NE(found(sightings.seen(at("before", "10.0.0.1"))), nullptr);
  for (int i = 0; i < 1000; ++i) {
    (void)sightings.seen(at("forged " + std::to_string(i), "10.0.0.66"));
  }
  EXPECT_NE(found(sightings.seen(at("after", "10.0.0.2"))), nullptr);
  EXPECT_THAT(sightings.nodes(), SizeIs(2 + kMaxNodesPerAddress));
}

// Where addresses are forged too, the list stays bounded and the newest is told all the same.
TEST(Sightings, AFloodFromManyAddressesIsBounded) {
  Sightings sightings;
  std::size_t gone = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto events = sightings.seen(at("forged " + std::to_string(i),
                                          "10.9." + std::to_string(i / 250) + "." +
                                              std::to_string(1 + i % 250)));
    EXPECT_NE(found(events), nullptr);
    gone += events.size() - 1;
    EXPECT_LE(sightings.nodes().size(), kMaxLanNodes);
  }
  EXPECT_EQ(gone, 1000 - kMaxLanNodes);
  EXPECT_NE(found(sightings.seen(at("real", "10.0.0.2"))), nullptr);
}

// Another child has to see again what the first one saw.
TEST(Sightings, AreSweptOnceAnotherChildHasLookedAround) {
  Sightings sightings;
  (void)sightings.seen(at("stays", "10.0.0.1"));
  (void)sightings.seen(at("went", "10.0.0.2"));
  sightings.restart();
  EXPECT_FALSE(sightings.deadline().has_value()) << "nobody has looked yet";
  EXPECT_THAT(sightings.seen(at("stays", "10.0.0.1")), IsEmpty());
  sightings.all_for_now(kStart);
  ASSERT_TRUE(sightings.deadline().has_value());
  EXPECT_THAT(sightings.tick(kStart), IsEmpty());
  const auto events = sightings.tick(*sightings.deadline());
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(std::get<LanGone>(events[0]).instance, "went");
  EXPECT_THAT(sightings.nodes(), SizeIs(1));
}

TEST(Sightings, HoldAtMostEightAddressesOfANode) {
  Sightings sightings;
  for (std::uint32_t interface = 1; interface <= 40; ++interface) {
    (void)sightings.seen(at("node", "10.0.0." + std::to_string(interface), interface));
  }
  ASSERT_THAT(sightings.nodes(), SizeIs(1));
  EXPECT_THAT(sightings.nodes().front().addresses, SizeIs(kMaxNodeAddresses));
}

}  // namespace
}  // namespace phase::dht::lan
