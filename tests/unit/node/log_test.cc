#include "node/log.h"

#include <gtest/gtest.h>

namespace phase::node {
namespace {

TEST(Log, WritesOneLineOfLogfmt) {
  EXPECT_EQ(log_line(WallTime{1'767'323'045}, Level::kInfo, "release fetched",
                     {{"channel", "stable"}, {"version", 7}, {"seconds", 1.5}, {"ok", true}}),
            "ts=2026-01-02T03:04:05Z level=info msg=\"release fetched\" channel=stable version=7 "
            "seconds=1.500 ok=true\n");
}

// A peer's name for itself must not become a line or a field of its own.
TEST(Log, AStrangersTextStaysInsideItsValue) {
  const auto line = log_line(WallTime{0}, Level::kWarning, "peer",
                             {{"client", "a\" level=error\nmsg=\"x\\\x1b[2J\xff"}});
  EXPECT_EQ(line,
            "ts=1970-01-01T00:00:00Z level=warning msg=peer "
            "client=\"a\\\" level=error\\nmsg=\\\"x\\\\\\x1b[2J\\xff\"\n");
}

TEST(Log, CutsLongValues) {
  const auto line = log_line(WallTime{0}, Level::kInfo, "m", {{"v", std::string(100'000, 'x')}});
  EXPECT_LT(line.size(), 1'200u);
  EXPECT_NE(line.find("...\""), std::string::npos);
}

TEST(Log, KnowsItsLevels) {
  EXPECT_EQ(*parse_level("warning"), Level::kWarning);
  EXPECT_EQ(parse_level("loud").error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace phase::node
