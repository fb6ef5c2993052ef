#include "boot/fetch_text.h"

#include <gmock/gmock.h>

namespace phase::boot {
namespace {

using ::testing::ElementsAre;

dht::PeerAccount peer(const std::string& at, std::uint64_t bytes) {
  dht::PeerAccount out;
  out.peer = *parse_endpoint(at);
  out.received = bytes;
  out.source.dht = true;
  return out;
}

TEST(FetchText, SaysHowEachSourceWasLearned) {
  dht::PeerAccount one;
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

TEST(FetchText, ProgressNamesPercentRateTimeLeftAndSources) {
  dht::ReleaseStatus status;
  EXPECT_EQ(progress_text(status), "  0 % of 0.0 MiB, 0.0 MiB/s, 0 sources");
  status.wanted = 20 << 20;
  status.done = 5 << 20;
  status.peers = 2;
  EXPECT_EQ(progress_text(status), " 25 % of 20.0 MiB, 0.0 MiB/s, 2 sources");
  status.rate = 3 << 20;
  status.peers = 1;
  EXPECT_EQ(progress_text(status), " 25 % of 20.0 MiB, 3.0 MiB/s, 5 s left, 1 source");
  status.done = status.wanted;
  EXPECT_EQ(progress_text(status), "100 % of 20.0 MiB, 3.0 MiB/s, 1 source");
}

TEST(FetchText, TheEndNamesWhoDeliveredWhatAndWhoWasRefusedForWhat) {
  AcquireReport report;
  report.sources = {peer("10.0.0.1:6881", 100), peer("10.0.0.2:6881", 0), peer("10.0.0.3:6881", 7),
                    peer("10.0.0.4:6881", 2000)};
  report.sources[2].bad_pieces = 2;
  report.sources[2].banned = true;
  report.reused = 5;
  report.wasted = 7;
  report.refusals = {"provider 10.0.0.3:6881 served bytes that do not match the signed release"};
  EXPECT_THAT(
      summary_lines(report),
      ElementsAre("10.0.0.3:6881                       7 bytes, found by dht, 2 bad pieces, banned: it "
                  "served altered bytes",
                  "10.0.0.4:6881                    2000 bytes, found by dht",
                  "10.0.0.1:6881                     100 bytes, found by dht",
                  "older releases on disk              5 bytes",
                  "thrown away                         7 bytes",
                  "refused: provider 10.0.0.3:6881 served bytes that do not match the signed release"));
}

TEST(FetchText, ACrowdIsSummedUp) {
  AcquireReport report;
  for (unsigned i = 1; i <= 200; ++i) {
    report.sources.push_back(peer("10.0.0." + std::to_string(i) + ":6881", i));
  }
  const auto lines = summary_lines(report);
  ASSERT_EQ(lines.size(), kMaxSourceLines + 1);
  EXPECT_EQ(lines.front(), "10.0.0.200:6881                   200 bytes, found by dht");
  EXPECT_EQ(lines.back(), "184 others                      17020 bytes");
}

}  // namespace
}  // namespace phase::boot
