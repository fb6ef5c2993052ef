// Goal: one host cannot have all our time, and the others do not notice that it tried.
#include "dht/lan/source_limit.h"

#include <gtest/gtest.h>

namespace phase::dht::lan {
namespace {

using std::chrono::seconds;

const MonoTime kStart{std::chrono::hours(1)};

SourceLimit::Source source(unsigned number) {
  return {10, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number), 1};
}

int admitted(SourceLimit& limit, unsigned number, int attempts, MonoTime now) {
  int out = 0;
  for (int i = 0; i < attempts; ++i) out += limit.admit(source(number), now) ? 1 : 0;
  return out;
}

TEST(SourceLimit, CutsOffAFloodAndNobodyElse) {
  SourceLimit limit;
  EXPECT_EQ(admitted(limit, 1, 1000, kStart), static_cast<int>(SourceLimit::kBurst));
  EXPECT_EQ(admitted(limit, 2, 10, kStart), 10);
  EXPECT_EQ(admitted(limit, 1, 1000, kStart + seconds(1)),
            static_cast<int>(SourceLimit::kPerSecond));
  EXPECT_EQ(admitted(limit, 1, 1000, kStart + seconds(100)),
            static_cast<int>(SourceLimit::kBurst));
}

TEST(SourceLimit, SharesTheRestAmongForgedSources) {
  SourceLimit limit;
  EXPECT_EQ(admitted(limit, 9999, 1, kStart), 1) << "who was there before";
  int forged = 0;
  for (unsigned number = 0; number < 5000; ++number) forged += admitted(limit, number, 1, kStart);
  EXPECT_EQ(forged, static_cast<int>(SourceLimit::kMaxSources - 1 + SourceLimit::kBurst));
  EXPECT_EQ(admitted(limit, 9999, 10, kStart), 10);
  // Later there is room again.
  EXPECT_EQ(admitted(limit, 6000, 10, kStart + seconds(10)), 10);
}

}  // namespace
}  // namespace phase::dht::lan
