// A console writes to whatever lies below its root: files stand in for the kernel log, FIFOs for
// the consoles.
#include "boot/machine/console.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace phase::boot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class FakeClock : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return now_; }
  [[nodiscard]] WallTime wall() const override { return {}; }
  void advance(Duration by) { now_ += by; }

 private:
  MonoTime now_{seconds(100)};
};

class ConsoleTest : public ::testing::Test {
 protected:
  ConsoleTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "phase-console-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
    for (const char* folder : {"/dev", "/proc/sys/kernel", "/sys/class/tty/console",
                               "/sys/module/printk/parameters"}) {
      std::filesystem::create_directories(root_ + folder);
    }
    put("/proc/sys/kernel/printk", "7\t4\t1\t7\n");
    put("/proc/sys/kernel/printk_devkmsg", "ratelimit\n");
    put("/sys/module/printk/parameters/ignore_loglevel", "N\n");
    put("/sys/class/tty/console/active", "tty0 ttyS0\n");
    put("/dev/kmsg", "");
  }
  ~ConsoleTest() override { std::filesystem::remove_all(root_); }

  void put(const std::string& path, const std::string& text) const {
    std::ofstream(root_ + path) << text;
  }
  [[nodiscard]] std::string get(const std::string& path) const {
    std::ostringstream out;
    out << std::ifstream(root_ + path).rdbuf();
    return out.str();
  }
  /// A console that somebody may read.
  Fd make_console(const std::string& name) const {
    const std::string path = root_ + "/dev/" + name;
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
    return Fd(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }
  static std::string take(const Fd& console) {
    std::string out;
    char bytes[4096];
    for (ssize_t got; (got = read(console.get(), bytes, sizeof bytes)) > 0;) {
      out.append(bytes, static_cast<std::size_t>(got));
    }
    return out;
  }

  std::string root_;
  FakeClock clock_;
};

TEST_F(ConsoleTest, ALineIsOnceInTheLogAndOnceOnEveryConsole) {
  const auto screen = make_console("tty0");
  const auto serial = make_console("ttyS0");
  const auto second = make_console("ttyS1");
  Console console({.consoles = {"ttyS0,115200n8", "ttyS1", "ttyS9", "tty"}, .root = root_}, clock_);
  EXPECT_THAT(console.names(), UnorderedElementsAre("tty0", "ttyS0", "ttyS1"));
  console.line("hello\nworld");
  // Level 7 is the only one that a kernel with console_loglevel 7 does not print by itself.
  EXPECT_EQ(get("/dev/kmsg"), "<7>phase: hello\\x0aworld");
  for (const auto* one : {&screen, &serial, &second}) {
    EXPECT_EQ(take(*one), "phase: hello\\x0aworld\r\n");
  }
  EXPECT_EQ(get("/proc/sys/kernel/printk_devkmsg").substr(0, 3), "on\n");
}

TEST_F(ConsoleTest, TheLogKeepsTheLevelThatTheKernelDoesNotPrint) {
  put("/proc/sys/kernel/printk", "4\t4\t1\t7\n");
  Console console({.consoles = {}, .root = root_}, clock_);
  console.line("a", Level::kInfo);
  console.line("b", Level::kWarning);
  console.line("c", Level::kError);
  EXPECT_EQ(get("/dev/kmsg"), "<6>phase: a<4>phase: b<4>phase: c");
}

TEST_F(ConsoleTest, WhereTheKernelPrintsEverythingItsOwnConsolesAreLeftToIt) {
  put("/proc/sys/kernel/printk", "8\t4\t1\t7\n");
  const auto serial = make_console("ttyS0");
  const auto second = make_console("ttyS1");
  Console console({.consoles = {"ttyS0", "ttyS1"}, .root = root_}, clock_);
  console.line("hello");
  EXPECT_EQ(get("/dev/kmsg"), "<6>phase: hello");
  EXPECT_EQ(take(serial), "");
  EXPECT_EQ(take(second), "phase: hello\r\n");
}

TEST_F(ConsoleTest, DevConsoleIsTakenOnlyWhereThereIsNoOther) {
  put("/sys/class/tty/console/active", "\n");
  const auto fallback = make_console("console");
  Console alone({.consoles = {}, .root = root_}, clock_);
  EXPECT_THAT(alone.names(), UnorderedElementsAre("console"));
  alone.line("x");
  EXPECT_EQ(take(fallback), "phase: x\r\n");
}

TEST_F(ConsoleTest, AConsoleThatDoesNotDrainLosesItsOwnLinesOnlyAndSaysSo) {
  const auto stuck = make_console("ttyS0");
  const auto alive = make_console("ttyS1");
  Console console({.consoles = {"ttyS1"}, .root = root_}, clock_);
  const std::string text(500, 'x');
  std::size_t seen = 0;
  const auto lines_in = [](const std::string& bytes) {
    return static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
  };
  for (int i = 0; i < 1000; ++i) {
    console.line(text);
    seen += lines_in(take(alive));
  }
  EXPECT_EQ(seen, 1000U);
  std::string late;
  for (int i = 0; i < 20; ++i) {
    late += take(stuck);
    console.flush(clock_.now());
  }
  console.line("alive again");
  late += take(stuck);
  EXPECT_LT(lines_in(late), 1000U);
  EXPECT_THAT(late, HasSubstr("lines did not fit here"));
  EXPECT_THAT(late, HasSubstr("alive again\r\n"));
}

TEST_F(ConsoleTest, ProgressRewritesAScreenAndIsPlainOnceASecondElsewhere) {
  const auto screen = make_console("tty0");
  const auto serial = make_console("ttyS0");
  Console console({.consoles = {}, .root = root_}, clock_);
  for (int i = 0; i < 20; ++i) {
    console.progress("at " + std::to_string(i));
    clock_.advance(milliseconds(100));
  }
  console.line("done");
  const auto on_screen = take(screen);
  EXPECT_THAT(on_screen, HasSubstr("\rphase: at 0\x1b[K\rphase: at 1\x1b[K"));
  EXPECT_THAT(on_screen, HasSubstr("at 19\x1b[K\r\x1b[Kphase: done\r\n"));
  EXPECT_EQ(take(serial), "phase: at 0\r\nphase: at 10\r\nphase: done\r\n");
  EXPECT_EQ(get("/dev/kmsg"), "<7>phase: at 0<7>phase: done");
}

TEST_F(ConsoleTest, ABareLineHasNoPrefixAndLongOnesAreSplitInTheLogOnly) {
  const auto serial = make_console("ttyS0");
  Console console({.consoles = {}, .root = root_}, clock_);
  const std::string report = "PHASE-REPORT {" + std::string(1500, 'x') + "}";
  console.bare_line(report);
  EXPECT_EQ(take(serial), report + "\r\n");
  EXPECT_EQ(get("/dev/kmsg"), "<7>" + report.substr(0, 900) + "<7>+ " + report.substr(900));
}

TEST_F(ConsoleTest, AfterTheConsolesWereGivenAwayOnlyTheLogIsWritten) {
  const auto serial = make_console("ttyS0");
  Console console({.consoles = {}, .root = root_}, clock_);
  console.close_consoles();
  console.line("quiet");
  EXPECT_EQ(take(serial), "");
  EXPECT_THAT(get("/dev/kmsg"), HasSubstr("quiet"));
  console.rescan();
  console.line("loud");
  EXPECT_EQ(take(serial), "phase: loud\r\n");
}

}  // namespace
}  // namespace phase::boot
