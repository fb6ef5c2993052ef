// Goal: a machine without an address boots what its cache holds, where the mode rules out even to
// listen. Method: a child in an empty network namespace, where lo alone is up (as with ip=off).
#include "boot/init/net_loop.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "tests/unit/boot/cache/support.h"

namespace phase::boot {
namespace {

class HeldCalendar final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] WallTime wall() const override { return {test::kCreated + 60}; }
};

/// Only lo, up.
bool leave_the_network() {
  const int flags = ::geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWNET | CLONE_NEWUSER;
  if (::unshare(flags) != 0) return false;
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq lo{.ifr_ifrn = {.ifrn_name = "lo"}, .ifr_ifru = {}};
  lo.ifr_flags = IFF_UP;
  const bool up = ::ioctl(socket, SIOCSIFFLAGS, &lo) == 0;
  ::close(socket);
  return up;
}

class NetLoopTest : public testing::Test {
 protected:
  void SetUp() override {
    auto cache = test::open_cache(test::make_cache(folder_));
    test::add(cache, release_);
    std::filesystem::create_directories(folder_ / "out");
    test::write_file(folder_ / "trust.toml", as_bytes(serialize_trust_file(
                                                 trust_single_key(test::key(1).public_key()))));
  }
  [[nodiscard]] NetOptions options() const {
    NetOptions out;
    out.trust_file = folder_ / "trust.toml";
    out.folder = folder_ / "out";
    out.channel = "stable";
    out.arch = "x86_64";
    out.cache = folder_ / "cache";
    out.mode = Mode::kLocal;
    out.lan = false;
    out.bootstrap = {"192.0.2.1:6881"};
    return out;
  }
  /// "" or what was wrong.
  [[nodiscard]] std::string fetch_in_a_child() const {
    int ends[2];
    if (::pipe(ends) != 0) return "pipe";
    const pid_t child = ::fork();
    if (child == 0) {
      std::string wrong = "no namespace";
      if (leave_the_network()) {
        const HeldCalendar clock;
        const auto fetched = fetch_release(options(), clock, [](const StatusLine&) {});
        wrong = fetched ? "" : fetched.error().detail;
      }
      ::_exit(::write(ends[1], wrong.data(), wrong.size()) < 0 ? 1 : 0);
    }
    ::close(ends[1]);
    std::string out(500, '\0');
    const auto got = ::read(ends[0], out.data(), out.size());
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return status == 0 ? out : "the child died";
  }

  test::TempFolder folder_;
  test::SampleRelease release_{folder_, {.version = 3}};
};

TEST_F(NetLoopTest, WithoutAnAddressTheCacheAnswers) {
  EXPECT_EQ(fetch_in_a_child(), "");
  EXPECT_FALSE(std::filesystem::is_empty(folder_ / "out"));
}

}  // namespace
}  // namespace phase::boot
