#include "node/units.h"

#include <gtest/gtest.h>

namespace phase::node {
namespace {

TEST(Units, ReadsLengthsOfTime) {
  EXPECT_EQ(*parse_lifetime("1y"), 365 * 86400);
  EXPECT_EQ(*parse_lifetime("90d"), 90 * 86400);
  EXPECT_EQ(*parse_lifetime("2w"), 14 * 86400);
  EXPECT_EQ(*parse_lifetime("12h"), 12 * 3600);
  EXPECT_EQ(*parse_lifetime("never"), 0);
  for (const char* text : {"", "y", "0d", "-1d", "1", "1x", "1d ", "101y", "99999999999999999999d",
                           "Never", "1.5y", "+1d"})
    EXPECT_FALSE(parse_lifetime(text)) << text;
}

TEST(Units, ReadsSizes) {
  EXPECT_EQ(*parse_size("256M"), 256u << 20);
  EXPECT_EQ(*parse_size("64K"), 64u << 10);
  EXPECT_EQ(*parse_size("1G"), 1u << 30);
  EXPECT_EQ(*parse_size("17"), 17u);
  EXPECT_EQ(*parse_size("16777215T"), 16'777'215ULL << 40);
  for (const char* text : {"", "M", "-1", "1MB", "1m", "16777216T", "1 K", "0x10"})
    EXPECT_FALSE(parse_size(text)) << text;
}

}  // namespace
}  // namespace phase::node
