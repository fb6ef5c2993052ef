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

}  // namespace
}  // namespace phase::boot
