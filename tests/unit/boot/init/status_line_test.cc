// Goal: what the network child says comes across, and nothing that it says can be taken for more.
#include "boot/init/status_line.h"

#include <gtest/gtest.h>

namespace phase::boot {
namespace {

using Kind = StatusLine::Kind;

std::string without_end(std::string line) {
  EXPECT_EQ(line.back(), '\n');
  line.pop_back();
  return line;
}

TEST(StatusLine, ComesBackAsItWasSaid) {
  for (const Kind kind :
       {Kind::kProgress, Kind::kSay, Kind::kRefusal, Kind::kDone, Kind::kFailed}) {
    const StatusLine line{kind, "some words 42", ErrorCode::kNoPointer};
    const auto back = parse_status(without_end(format_status(line)));
    EXPECT_EQ(back.kind, kind);
    EXPECT_EQ(back.text, "some words 42");
    if (kind == Kind::kFailed) {
      EXPECT_EQ(back.code, ErrorCode::kNoPointer);
    }
  }
}

TEST(StatusLine, StaysOneLine) {
  const std::string line = format_status({Kind::kSay, "a\ndone b\nfailed 5 c", {}});
  EXPECT_EQ(line, "say a done b failed 5 c\n");
}

TEST(StatusLine, OtherLinesAreText) {
  for (const char* text : {"", "terminate called", "done", "doneX y", "failed", "failed x y",
                           "failed 5", "failed -1 x", "failed 99999999999999999999 x"}) {
    const auto line = parse_status(text);
    EXPECT_EQ(line.kind, Kind::kSay) << text;
    EXPECT_EQ(line.text, text);
  }
}

TEST(StatusLine, CodesThatAreNoneOfOursAreInternal) {
  EXPECT_EQ(parse_status("failed 33 x").code, ErrorCode::kNoPointer);
  EXPECT_EQ(parse_status("failed 0 x").code, ErrorCode::kInternal);
  EXPECT_EQ(parse_status("failed 99 x").code, ErrorCode::kInternal);
  EXPECT_EQ(parse_status("failed 289 x").code, ErrorCode::kInternal);
}

}  // namespace
}  // namespace phase::boot
