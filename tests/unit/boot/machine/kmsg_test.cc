#include "boot/machine/kmsg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace phase::boot {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(Kmsg, NoByteOfAStrangerSteersATerminalOrStartsALine) {
  EXPECT_EQ(printable("a\nPHASE-REPORT {}\r\x1b[2J\x7f\xc3\xa4~"),
            "a\\x0aPHASE-REPORT {}\\x0d\\x1b[2J\\x7f\\xc3\\xa4~");
  EXPECT_EQ(printable(std::string_view("\0x", 2)), "\\x00x");
}

TEST(Kmsg, LongLinesBecomeRecordsThatJoinAgain) {
  EXPECT_THAT(split_records("short"), ElementsAre("short"));
  EXPECT_THAT(split_records(""), ElementsAre(""));
  EXPECT_THAT(split_records(std::string(kMaxRecord, 'x')), SizeIs(1));
  std::string line;
  for (int i = 0; i < 3000; ++i) line += static_cast<char>('a' + i % 26);
  const auto records = split_records(line);
  ASSERT_THAT(records, SizeIs(4));
  std::string joined = records[0];
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_LE(records[i].size(), kMaxRecord);
    if (i == 0) continue;
    EXPECT_TRUE(records[i].starts_with("+ "));
    joined += records[i].substr(2);
  }
  EXPECT_EQ(joined, line);
}

// The kernel prints a record where its level is below console_loglevel.
TEST(Kmsg, RecordsGetALevelThatTheKernelDoesNotPrintItself) {
  for (int loglevel = 1; loglevel <= 7; ++loglevel) {
    for (int wanted = 0; wanted <= 7; ++wanted) {
      const int level = quiet_level(wanted, loglevel, false);
      EXPECT_GE(level, loglevel);
      EXPECT_GE(level, wanted);
      EXPECT_LE(level, 7);
    }
  }
  EXPECT_EQ(quiet_level(3, 4, false), 4);
  EXPECT_EQ(quiet_level(6, 4, false), 6);
  EXPECT_EQ(quiet_level(6, 8, false), -1);
  EXPECT_EQ(quiet_level(6, 4, true), -1);
}

}  // namespace
}  // namespace phase::boot
