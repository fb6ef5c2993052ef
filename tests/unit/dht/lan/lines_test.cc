// Goal: supervisor and children understand each other, and neither can be led astray by what a
// stranger put into a name or a TXT record. Method: there and back, then every kind of wrong line.
#include "dht/lan/lines.h"

#include <gtest/gtest.h>

namespace phase::dht::lan {
namespace {

std::string without_end(std::string line) {
  EXPECT_FALSE(line.empty());
  EXPECT_EQ(line.back(), '\n');
  line.pop_back();
  return line;
}

TEST(Lines, CarryEveryReportThereAndBack) {
  const std::string odd("\x1b[2J % \n\xFF", 9);
  const std::vector<Report> reports = {
      Ready{}, Daemon{true}, Daemon{false}, AllForNow{}, Registered{"Phase Boot 1"}, Lost{3, true, odd},
      Note{""}, Note{odd},
      Seen{2, false, "node #2", "10.0.0.1", 8080, {"v=1", "", odd, std::string("\0x", 2)}},
      Seen{2, true, "n", "fd77::1", 0, {}}};
  for (const auto& report : reports) {
    const auto line = without_end(encode(report));
    for (const char c : line) EXPECT_TRUE(c >= ' ' && c <= '~');
    const auto back = decode_report(line);
    ASSERT_TRUE(back.ok()) << line;
    EXPECT_EQ(*back, report) << line;
  }
}

TEST(Lines, CarryEveryCommandThereAndBack) {
  for (const Command& command : {Command{Withdraw{}}, Command{Publish{"a b", 80, {"v=1", "p=2"}}},
                                 Command{Publish{"n", 0, {}}}}) {
    const auto back = decode_command(without_end(encode(command)));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, command);
  }
}

TEST(Lines, RefuseWhatIsNoReport) {
  for (const char* line :
       {"", " ", "ready ", "ready 1", " ready", "seen", "seen 2 4 n 10.0.0.1", "seen 2 5 n a 1",
        "seen -1 4 n a 1", "seen 02 4 n a 1", "seen 2 4 n a 65536", "seen 2 4 % a 1",
        "lost 2 4", "lost 2 4 n n", "daemon", "daemon maybe", "registered", "registered %",
        "publish n 1", "note", "note a b", "note %4", "note %zz", "note %41", "note a%20b%",
        "registered %00", "note caf\xE9"}) {
    EXPECT_FALSE(decode_report(line).ok()) << line;
  }
  EXPECT_FALSE(decode_report("registered " + std::string(64, 'n')).ok());
  EXPECT_FALSE(decode_report("seen 2 4 n 10.0.0.1 80 " + std::string(256, 't')).ok());
  std::string many = "seen 2 4 n 10.0.0.1 80";
  for (std::size_t i = 0; i < kMaxFields; ++i) many += " t";
  EXPECT_FALSE(decode_report(many).ok());
}

TEST(Lines, RefuseWhatIsNoCommand) {
  for (const char* line : {"", "withdraw 1", "publish", "publish n", "publish n x", "publish % 1",
                           "publish n 65536", "ready", "note a"}) {
    EXPECT_FALSE(decode_command(line).ok()) << line;
  }
}

// What does not fit is not said; a line is never cut.
TEST(Lines, LeaveOutAServiceThatFitsNoLine) {
  Seen seen{2, false, "n", "10.0.0.1", 80, {}};
  seen.txt.assign(30, std::string(255, '\x01'));
  EXPECT_EQ(encode(Report{seen}), "");
  seen.txt.assign(kMaxFields, "t");
  EXPECT_EQ(encode(Report{seen}), "");
}

TEST(Lines, AreCutFromAStream) {
  LineReader reader;
  auto lines = reader.push("one\ntw");
  ASSERT_TRUE(lines.ok());
  EXPECT_EQ(*lines, std::vector<std::string>{"one"});
  lines = reader.push("o\n\nthree\n");
  ASSERT_TRUE(lines.ok());
  EXPECT_EQ(*lines, (std::vector<std::string>{"two", "", "three"}));
  lines = reader.push(std::string(kMaxLine, 'x') + "\n");
  ASSERT_TRUE(lines.ok());
  EXPECT_EQ(lines->front().size(), kMaxLine);
  ASSERT_TRUE(reader.push(std::string(kMaxLine, 'x')).ok());
  EXPECT_FALSE(reader.push("x").ok());
  LineReader other;
  EXPECT_FALSE(other.push(std::string(3 * kMaxLine, 'x') + "\n").ok());
}

}  // namespace
}  // namespace phase::dht::lan
