// Goal: the report names who sent bytes and how each was learned. Method: accounts of peers.
#include "boot/init/net_report.h"

#include <gtest/gtest.h>

namespace phase::boot {
namespace {

dht::PeerAccount peer(const char* at, std::uint64_t bytes) {
  dht::PeerAccount out;
  out.peer = *parse_endpoint(at);
  out.received = bytes;
  return out;
}

TEST(NetReport, SaysHowEachSourceWasLearned) {
  dht::PeerAccount one = peer("10.0.0.1:6881", 1);
  EXPECT_STREQ(how_learned(one), "incoming");
  one.source.pex = true;
  EXPECT_STREQ(how_learned(one), "pex");
  // Peers tell each other of everybody: who came by get_peers first stays a DHT peer.
  one.source.dht = true;
  EXPECT_STREQ(how_learned(one), "dht");
  // Nobody may take a provider that was given for one that was found.
  one.source.given = true;
  EXPECT_STREQ(how_learned(one), "given");
  one.web_seed = true;
  EXPECT_STREQ(how_learned(one), "http");
}

TEST(NetReport, ListsSourcesAndCulprits) {
  AcquireReport seen;
  seen.sources = {peer("10.0.0.1:6881", 100), peer("10.0.0.2:6881", 0), peer("10.0.0.3:6881", 0)};
  seen.sources[2].bad_pieces = 2;
  seen.sources[2].banned = true;
  seen.stages = {{Stage::kDiscover, 0.5}, {Stage::kDone, 0}};
  seen.received = 100;
  seen.wasted = 7;
  seen.refusals = {"x"};
  const BootReport report = report_of(seen);
  ASSERT_EQ(report.sources.size(), 2u) << "who was only connected is no source";
  EXPECT_EQ(report.sources[0].peer, "10.0.0.1:6881");
  EXPECT_EQ(report.sources[1].bad_pieces, 2u);
  EXPECT_TRUE(report.sources[1].banned);
  ASSERT_EQ(report.stages.size(), 1u);
  EXPECT_EQ(report.stages[0].first, "discover");
  EXPECT_EQ(report.wasted, 7u);
}

TEST(NetReport, ProgressNamesPercentRateAndTimeLeft) {
  dht::ReleaseStatus status;
  EXPECT_EQ(progress_text(status), "  0 % of 0.0 MiB, 0.0 MiB/s, 0 peers");
  status.wanted = 20 << 20;
  status.done = 5 << 20;
  status.rate = 3 << 20;
  status.peers = 1;
  EXPECT_EQ(progress_text(status), " 25 % of 20.0 MiB, 3.0 MiB/s, 5 s left, 1 peer");
}

}  // namespace
}  // namespace phase::boot
