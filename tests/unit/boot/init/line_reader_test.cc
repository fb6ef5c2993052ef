// Goal: no child can flood, freeze or steer a console. Method: hostile bytes in any cut.
#include "boot/init/line_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace phase::boot {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LineReader, PutsLinesTogether) {
  LineReader reader;
  EXPECT_THAT(reader.feed(as_bytes("one\ntw")), ElementsAre("one"));
  EXPECT_THAT(reader.feed(as_bytes("o\n\nthr")), ElementsAre("two", ""));
  EXPECT_EQ(reader.rest(), "thr");
  EXPECT_EQ(reader.rest(), "");
}

TEST(LineReader, MakesEveryByteVisible) {
  LineReader reader;
  const auto lines = reader.feed(as_bytes("\x1b[2J\r\x07\xff\n"));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], "\\x1b[2J\\x0d\\x07\\xff");
}

TEST(LineReader, ForgetsWhatIsOverTheLimitOfALine) {
  LineReader reader;
  const std::string flood(10 * LineReader::kMaxLine, 'x');
  for (int i = 0; i < 100; ++i) EXPECT_THAT(reader.feed(as_bytes(flood)), IsEmpty());
  const auto lines = reader.feed(as_bytes("\nnext\n"));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], std::string(LineReader::kMaxLine, 'x'));
  EXPECT_EQ(lines[1], "next");
}

TEST(LineReader, CountsLinesBeyondTheLimit) {
  LineReader reader;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < LineReader::kMaxLines + 7; ++i) {
    shown += reader.feed(as_bytes("x\n")).size();
  }
  EXPECT_EQ(shown, LineReader::kMaxLines);
  EXPECT_THAT(reader.feed(as_bytes("y")), IsEmpty());
  EXPECT_EQ(reader.rest(), "");
  EXPECT_EQ(reader.dropped(), 8u);
  LineReader endless(0);
  for (std::size_t i = 0; i < 2 * LineReader::kMaxLines; ++i) {
    EXPECT_EQ(endless.feed(as_bytes("x\n")).size(), 1u);
  }
}

}  // namespace
}  // namespace phase::boot
