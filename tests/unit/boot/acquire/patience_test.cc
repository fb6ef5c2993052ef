// Goal: whoever is waited for has to deliver, and gains nothing by coming and going. Method: a table of
// times and bytes.
#include "boot/patience.h"

#include <gtest/gtest.h>

namespace phase::boot {
namespace {

using std::chrono::milliseconds;

MonoTime at(int ms) { return MonoTime(milliseconds(5000 + ms)); }

TEST(Patience, IsOverWhereTooLittleCame) {
  Patience patience(milliseconds(2000), 1000);
  EXPECT_FALSE(patience.over(true, at(0), 700));
  EXPECT_EQ(patience.deadline(), at(2000));
  EXPECT_FALSE(patience.over(true, at(1999), 1699));
  EXPECT_TRUE(patience.over(true, at(2000), 1699)) << "999 bytes came";
}

TEST(Patience, BeginsAnewWithEachTimeInWhichEnoughCame) {
  Patience patience(milliseconds(2000), 1000);
  EXPECT_FALSE(patience.over(true, at(0), 0));
  EXPECT_FALSE(patience.over(true, at(2000), 1000));
  EXPECT_EQ(patience.deadline(), at(4000));
  EXPECT_FALSE(patience.over(true, at(3999), 1999));
  EXPECT_TRUE(patience.over(true, at(4000), 1999));
}

TEST(Patience, NeitherTimeNorBytesCountWhileNobodyIsWaitedFor) {
  Patience patience(milliseconds(2000), 1000);
  std::uint64_t checked = 0;
  int ms = 0;
  for (int waited = 0; waited < 1800; waited += 600) {
    EXPECT_FALSE(patience.over(true, at(ms), checked));
    EXPECT_FALSE(patience.over(false, at(ms += 600), checked));
    checked += 5000;
    ms += 10'000;
  }
  EXPECT_FALSE(patience.over(true, at(ms), checked));
  EXPECT_EQ(patience.deadline(), at(ms + 200));
  EXPECT_TRUE(patience.over(true, at(ms + 200), checked));
}

TEST(Patience, BytesThatAreLostAgainCountForNothing) {
  Patience patience(milliseconds(2000), 1000);
  EXPECT_FALSE(patience.over(true, at(0), 5000));
  EXPECT_FALSE(patience.over(true, at(500), 0));
  EXPECT_TRUE(patience.over(true, at(2000), 999));
}

}  // namespace
}  // namespace phase::boot
