// Goal: Lan lives with children that are not what they should be. Method: programs of this test's
// own, small shell scripts, in place of phase-lan.
#include "dht/lan/lan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>

namespace phase::dht {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

class LanChildren : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "phase-lan-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override {
    lan_.reset();
    std::filesystem::remove_all(folder_);
  }
  void program(const std::string& name, const std::string& script) const {
    std::ofstream(folder_ + "/" + name) << "#!/bin/sh\n" << script << "\n";
    ASSERT_EQ(chmod((folder_ + "/" + name).c_str(), 0755), 0);
  }
  Result<void> start(bool browse = true) {
    LanOptions options;
    options.browse = browse;
    options.programs = folder_;
    options.instance = "us";
    auto lan = Lan::start(options, [this] {
      const std::lock_guard lock(mutex_);
      woken_ = true;
      changed_.notify_all();
    });
    if (!lan) return lan.error();
    lan_ = std::move(*lan);
    return {};
  }
  /// Until an event of kind E has come.
  template <class E>
  std::optional<E> await() {
    const auto until = std::chrono::steady_clock::now() + seconds(20);
    while (true) {
      for (auto& event : lan_->take()) events_.push_back(std::move(event));
      const auto event = std::find_if(events_.begin(), events_.end(), [](const LanEvent& one) {
        return std::holds_alternative<E>(one);
      });
      if (event != events_.end()) {
        E out = std::get<E>(*event);
        events_.erase(event);
        return out;
      }
      std::unique_lock lock(mutex_);
      if (!changed_.wait_until(lock, until, [this] { return woken_; })) return std::nullopt;
      woken_ = false;
    }
  }

  std::string folder_;
  std::unique_ptr<Lan> lan_;
  std::vector<LanEvent> events_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

TEST_F(LanChildren, MissingAreNamedAtOnce) {
  const auto started = start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(started.error().detail, HasSubstr("phase-lan"));
}

TEST_F(LanChildren, ReportsBecomeEventsAndCommandsReachThem) {
  program("phase-lan",
          "echo ready; echo seen 2 4 node 10.0.0.1 80 v=1 h=80; echo all-for-now\n"
          "read line; set -- $line; echo registered $2; echo seen 2 4 $2 10.0.0.2 80 v=1\n"
          "cat >/dev/null");
  ASSERT_TRUE(start().ok());
  const auto found = await<LanFound>();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->node.instance, "node");
  EXPECT_TRUE(await<LanBrowsed>().has_value());
  EXPECT_EQ(lan_->nodes().size(), 1U);
  lan_->publish(LanService{6881, 8080, {}});
  const auto registered = await<LanRegistered>();
  ASSERT_TRUE(registered.has_value());
  EXPECT_EQ(registered->instance, "us");
  EXPECT_EQ(registered->by, "phase-lan");
  EXPECT_EQ(lan_->nodes().size(), 1U) << "our own service is no node";
}

TEST_F(LanChildren, AreToldNotToBrowse) {
  program("phase-lan", "echo note $1; cat >/dev/null");
  ASSERT_TRUE(start(false).ok());
  EXPECT_TRUE(await<LanBrowsed>().has_value()) << "nobody is asked";
  const auto note = await<LanNote>();
  ASSERT_TRUE(note.has_value());
  EXPECT_EQ(note->text, "phase-lan: --no-browse");
}

TEST_F(LanChildren, ThatEndAreStartedAgainAndBrowsingIsOverAllTheSame) {
  program("phase-lan", "if [ -e " + folder_ + "/again ]; then echo ready; "
                       "echo seen 2 4 node 10.0.0.1 80 v=1; cat >/dev/null; fi\n"
                       "touch " + folder_ + "/again; kill -ABRT $$");
  ASSERT_TRUE(start().ok());
  EXPECT_TRUE(await<LanBrowsed>().has_value());
  const auto note = await<LanNote>();
  ASSERT_TRUE(note.has_value());
  EXPECT_THAT(note->text, HasSubstr("phase-lan ended by signal 6"));
  EXPECT_TRUE(await<LanFound>().has_value());
}

TEST_F(LanChildren, ThatTalkNonsenseAreKilled) {
  for (const char* nonsense : {"echo all is well", "head -c 20000 /dev/zero | tr '\\0' x"}) {
    program("phase-lan", std::string(nonsense) + "; exec sleep 1000");
    ASSERT_TRUE(start().ok());
    const auto note = await<LanNote>();
    ASSERT_TRUE(note.has_value());
    EXPECT_THAT(note->text, HasSubstr("signal 9"));
    lan_.reset();
    events_.clear();
  }
}

// A daemon is there: phase-lan is not started, and its name is the daemon's.
TEST_F(LanChildren, OfADaemonAreTheOnlyOnesWhereThereIsOne) {
  program("phase-lan", "touch " + folder_ + "/started; cat >/dev/null");
  program("phase-lan-dbus", "echo daemon here; echo ready; read line; echo registered us; "
                            "cat >/dev/null");
  ASSERT_TRUE(start().ok());
  lan_->publish(LanService{6881, 8080, {}});
  const auto registered = await<LanRegistered>();
  ASSERT_TRUE(registered.has_value());
  EXPECT_EQ(registered->by, "avahi-daemon");
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/started"));
}

TEST_F(LanChildren, ThatDoNotEndAreEndedInTwoSeconds) {
  program("phase-lan", "trap '' TERM; echo ready; echo all-for-now; exec sleep 1000");
  ASSERT_TRUE(start().ok());
  EXPECT_TRUE(await<LanBrowsed>().has_value());
  const auto before = std::chrono::steady_clock::now();
  lan_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(4));
}

}  // namespace
}  // namespace phase::dht
