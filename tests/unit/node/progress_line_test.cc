// Goal: one line that is rewritten on a terminal, plain lines elsewhere. Method: a pseudo-terminal and a
// pipe, and what comes out at their other ends.
#include "node/progress_line.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "proto/fd.h"

namespace phase::node {
namespace {

using std::chrono::milliseconds;

class HeldClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return now_; }
  [[nodiscard]] WallTime wall() const override { return {}; }
  void pass(int ms) { now_ += milliseconds(ms); }

 private:
  MonoTime now_{milliseconds(5000)};
};

/// Where a program writes, and where it is read.
struct Ends {
  Fd written, read;
};

Ends terminal() {
  Ends out;
  out.read = Fd(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK));
  std::array<char, 64> name{};
  if (::grantpt(out.read.get()) != 0 || ::unlockpt(out.read.get()) != 0 ||
      ::ptsname_r(out.read.get(), name.data(), name.size()) != 0) {
    return out;
  }
  out.written = Fd(::open(name.data(), O_RDWR | O_NOCTTY));
  termios how{};
  ::tcgetattr(out.written.get(), &how);
  ::cfmakeraw(&how);  // What is written comes out as it is.
  ::tcsetattr(out.written.get(), TCSANOW, &how);
  return out;
}

Ends pipe_ends() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_NONBLOCK) != 0) return {};
  return {Fd(ends[1]), Fd(ends[0])};
}

/// All that was written since the last time.
std::string seen(const Ends& ends) {
  std::string out;
  std::array<char, 4096> block{};
  while (true) {
    const auto got = ::read(ends.read.get(), block.data(), block.size());
    if (got <= 0) return out;
    out.append(block.data(), static_cast<std::size_t>(got));
  }
}

dht::ReleaseStatus at(std::uint64_t percent) {
  dht::ReleaseStatus out;
  out.wanted = 100 << 20;
  out.done = percent << 20;
  out.rate = 10 << 20;
  out.peers = 2;
  return out;
}

TEST(ProgressLine, IsRewrittenOnATerminal) {
  const Ends ends = terminal();
  ASSERT_TRUE(ends.written.valid());
  HeldClock clock;
  ProgressLine line(clock, ends.written.get());
  line.progress(boot::Stage::kManifest, at(0));
  EXPECT_EQ(seen(ends), "") << "nothing is fetched yet";
  line.progress(boot::Stage::kArtifacts, at(10));
  EXPECT_EQ(seen(ends), "\r\033[K 10 % of 100.0 MiB, 10.0 MiB/s, 9 s left, 2 sources");
  clock.pass(199);
  line.progress(boot::Stage::kArtifacts, at(11));
  EXPECT_EQ(seen(ends), "");
  clock.pass(1);
  line.progress(boot::Stage::kArtifacts, at(12));
  EXPECT_EQ(seen(ends), "\r\033[K 12 % of 100.0 MiB, 10.0 MiB/s, 9 s left, 2 sources");
  line.message("refused: somebody");
  EXPECT_EQ(seen(ends), "\r\033[Krefused: somebody\n") << "no half line stays above it";
  line.progress(boot::Stage::kVerify, at(100));
  EXPECT_EQ(seen(ends), "\r\033[K100 % of 100.0 MiB, 10.0 MiB/s, 2 sources") << "whenever it comes";
  clock.pass(1000);
  line.progress(boot::Stage::kDone, at(100));
  line.end_line();
  line.end_line();
  EXPECT_EQ(seen(ends), "\n");
}

TEST(ProgressLine, IsAPlainLineASecondElsewhere) {
  const Ends ends = pipe_ends();
  ASSERT_TRUE(ends.written.valid());
  HeldClock clock;
  ProgressLine line(clock, ends.written.get());
  line.progress(boot::Stage::kArtifacts, at(10));
  EXPECT_EQ(seen(ends), " 10 % of 100.0 MiB, 10.0 MiB/s, 9 s left, 2 sources\n");
  clock.pass(999);
  line.progress(boot::Stage::kArtifacts, at(20));
  EXPECT_EQ(seen(ends), "");
  line.message("refused: somebody");
  clock.pass(1);
  line.progress(boot::Stage::kArtifacts, at(30));
  line.progress(boot::Stage::kVerify, at(100));
  line.end_line();
  EXPECT_EQ(seen(ends),
            "refused: somebody\n 30 % of 100.0 MiB, 10.0 MiB/s, 7 s left, 2 sources\n"
            "100 % of 100.0 MiB, 10.0 MiB/s, 2 sources\n");
}

}  // namespace
}  // namespace phase::node
