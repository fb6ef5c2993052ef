// Goal: the verifier process gives a verdict on the bytes it finds, believes nothing else, and can
// reach nothing. Method: a real process over its pipes, on good and hostile folders.
#include "boot/init/verifier.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "boot/init/identities.h"
#include "boot/origin.h"
#include "boot/init/report.h"
#include "tests/unit/boot/init/release_folder.h"

namespace phase::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using phase::test::key;
using phase::test::ReleaseFolder;
using phase::test::TempFolder;
using phase::test::write_file;

constexpr MemInfo kPlenty{8ULL << 30, 8ULL << 30};

/// A machine's clock that says what the test wants; nothing here may go by it.
class MachineClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return system_clock().now(); }
  [[nodiscard]] WallTime wall() const override { return wall_time; }
  WallTime wall_time{0};
};

std::vector<std::string> stage_names(const BootReport& report) {
  std::vector<std::string> names;
  for (const auto& [name, seconds] : report.stages) names.push_back(name);
  return names;
}

class VerifierTest : public testing::Test {
 protected:
  [[nodiscard]] VerifierOrder order(Mode mode = Mode::kInternet) const {
    return {.parent = parent_.path(),
            .policy = trust_single_key(key(1).public_key()),
            .channel = "stable",
            .arch = "x86_64",
            .min_version = 0,
            .now = WallTime{test::kCreated + 60},
            .mode = mode,
            .bootstrap = {"10.0.0.1:6881"}};
  }
  Result<Verdict> judged(const MemInfo& memory = kPlenty) {
    return judge(order(), {release_.name(), {{"kernel", 1.5}}, {{"freeze", 0.1}}}, clock_, memory);
  }

  MachineClock clock_;
  TempFolder parent_;
  ReleaseFolder release_{parent_.path()};
};

TEST_F(VerifierTest, ReportsWhatItVerifiedAndNotWhatItWasTold) {
  BootReport lie;
  lie.version = 99;
  lie.key = std::string(64, '0');
  lie.signed_by = "somebody";
  lie.refusals = {"peer 10.0.0.9 served altered bytes"};
  lie.bytes = 71'235;
  lie.stages = {{"discover", 0.25}};
  write_file(parent_ / kReportName, as_bytes(report_json(lie)));

  const auto verdict = judged();

  ASSERT_TRUE(verdict.ok()) << verdict.error().detail;
  EXPECT_EQ(verdict->version, 7u);
  EXPECT_EQ(verdict->kernel.size, 70'001u);
  EXPECT_EQ(verdict->cmdline, "quiet root=\"LABEL=a b\"");
  const auto report = parse_report(verdict->report);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->ok);
  EXPECT_EQ(report->version, 7u);
  EXPECT_EQ(report->key, key(1).public_key().hex());
  EXPECT_EQ(report->signed_by, key(1).public_key().id());
  EXPECT_EQ(report->bytes, 71'235u);
  EXPECT_THAT(report->refusals, ElementsAre("peer 10.0.0.9 served altered bytes"));
  EXPECT_THAT(stage_names(*report), ElementsAre("kernel", "discover", "freeze", "verifier"));
  const auto origin = parse_origin(verdict->boot);
  ASSERT_TRUE(origin.ok());
  EXPECT_EQ(origin->key, key(1).public_key());
  EXPECT_THAT(origin->bootstrap, ElementsAre("10.0.0.1:6881"));
}

// The attempt's time was fixed before anything was fetched: neither a clock that is set while the
// release comes in, nor one that runs out meanwhile, changes the verdict.
TEST_F(VerifierTest, GoesByTheTimeOfTheAttemptWhateverTheClockSaysMeanwhile) {
  for (const std::int64_t wall : {std::int64_t{0}, test::kCreated, test::kExpires + 1}) {
    clock_.wall_time = WallTime{wall};
    EXPECT_TRUE(judged().ok()) << wall;
  }
  for (const std::int64_t wall : {std::int64_t{0}, test::kCreated}) {
    clock_.wall_time = WallTime{wall};
    VerifierOrder late = order();
    late.now = WallTime{test::kExpires};
    EXPECT_ERROR(judge(late, {release_.name(), {}, {}}, clock_, kPlenty), ErrorCode::kExpired);
    late.now = WallTime{test::kExpires - 1};
    EXPECT_TRUE(judge(late, {release_.name(), {}, {}}, clock_, kPlenty).ok());
  }
}

// 1970, and a second before the build: the floor counts.
TEST_F(VerifierTest, TakesAClockBeforeTheBuildForTheBuild) {
  for (const std::int64_t now : {std::int64_t{0}, test::kExpires - 1}) {
    VerifierOrder behind = order();
    behind.policy.time_floor = WallTime{test::kExpires};
    behind.now = WallTime{now};
    EXPECT_ERROR(judge(behind, {release_.name(), {}, {}}, clock_, kPlenty), ErrorCode::kExpired);
  }
}

TEST_F(VerifierTest, RefusesARootWhoseCounterTheTpmHasSeenRaised) {
  VerifierOrder asked = order();
  asked.policy.root.counter = 1;
  asked.tpm_counter = 1;
  const auto verdict = judge(asked, {release_.name(), {}, {}}, clock_, kPlenty);
  ASSERT_TRUE(verdict.ok()) << verdict.error().detail;
  EXPECT_EQ(verdict->root_counter, 1u);
  asked.tpm_counter = 2;
  EXPECT_ERROR(judge(asked, {release_.name(), {}, {}}, clock_, kPlenty), ErrorCode::kTpm);
}

TEST_F(VerifierTest, AReportThatIsNoneDoesNotStopABoot) {
  write_file(parent_ / kReportName, as_bytes("{\"ok\":\"\x1b[2J"));
  const auto verdict = judged();
  ASSERT_TRUE(verdict.ok());
  EXPECT_THAT(verdict->report_line, HasSubstr("network child's report cannot be used"));
}

TEST_F(VerifierTest, OfAPrivateBootNothingIsHandedOverButThatItWasOne) {
  write_file(parent_ / kTorrentName, Bytes(20'000, 't'));
  const auto verdict =
      judge(order(Mode::kPrivate), {release_.name(), {}, {}}, clock_, kPlenty);
  ASSERT_TRUE(verdict.ok()) << verdict.error().detail;
  EXPECT_EQ(verdict->report, "");
  EXPECT_FALSE(verdict->has_torrent);
  const auto origin = parse_origin(verdict->boot);
  ASSERT_TRUE(origin.ok());
  EXPECT_EQ(origin->mode, Mode::kPrivate);
  EXPECT_THAT(verdict->report_line, HasSubstr("\"mode\":\"private\""));
}

TEST_F(VerifierTest, HandsOverAsMuchAsThereIsRoomFor) {
  write_file(parent_ / kTorrentName, Bytes(20'000, 't'));
  auto verdict = judged();
  ASSERT_TRUE(verdict.ok());
  EXPECT_TRUE(verdict->hand_over);
  EXPECT_TRUE(verdict->has_torrent);

  const std::uint64_t half = segment_demand(verdict->demand) + 80 * 1024;
  verdict = judged({2 * half, 8ULL << 30});
  ASSERT_TRUE(verdict.ok());
  EXPECT_TRUE(verdict->hand_over);
  EXPECT_FALSE(verdict->has_torrent);
  EXPECT_THAT(verdict->report, HasSubstr("release.torrent and release left out"));

  verdict = judged({2 * half, 0});
  ASSERT_TRUE(verdict.ok());
  EXPECT_FALSE(verdict->hand_over);
  EXPECT_FALSE(verdict->has_torrent);
  EXPECT_THAT(verdict->report_line, HasSubstr("left out"));
}

TEST_F(VerifierTest, ATorrentOverItsLimitIsNotHandedOver) {
  write_file(parent_ / kTorrentName, Bytes(kMaxTorrentBytes + 1, 't'));
  const auto verdict = judged();
  ASSERT_TRUE(verdict.ok());
  EXPECT_FALSE(verdict->has_torrent);
}

/// The process itself. The folder is opened to everybody, as freeze() does it.
class VerifierProcess : public VerifierTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(::geteuid(), 0u) << "run as root, as deploy/test.sh does";
    using std::filesystem::perms;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(parent_.path())) {
      std::filesystem::permissions(entry.path(), entry.is_directory() ? perms{0755} : perms{0444});
    }
    std::filesystem::permissions(parent_.path(), perms{0755});
  }
  static MonoTime soon() { return system_clock().now() + std::chrono::seconds(30); }
};

TEST_F(VerifierProcess, GivesTheVerdictThatItWasForkedFor) {
  auto verifier = Verifier::start(order(), kVerifierUid);
  ASSERT_TRUE(verifier.ok()) << verifier.error().detail;
  const auto verdict = verifier->ask({release_.name(), {{"kernel", 1.5}}, {{"freeze", 0.1}}},
                                     soon(), system_clock());
  ASSERT_TRUE(verdict.ok()) << verdict.error().detail;
  EXPECT_EQ(verdict->folder, release_.name());
  const auto report = parse_report(verdict->report);
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(stage_names(*report), ElementsAre("kernel", "freeze", "verifier"));
}

TEST_F(VerifierProcess, JudgesTheBytesAsTheyAreWhenItIsAsked) {
  auto verifier = Verifier::start(order(), kVerifierUid);
  ASSERT_TRUE(verifier.ok()) << verifier.error().detail;
  std::filesystem::permissions(release_.path("manifest.dsse"), std::filesystem::perms{0644});
  std::filesystem::remove(release_.path("manifest.dsse"));
  EXPECT_ERROR(verifier->ask({release_.name(), {{"kernel", 1.5}}, {{"freeze", 0.1}}}, soon(),
                             system_clock()),
               ErrorCode::kSmallerThanSigned);
}

TEST_F(VerifierProcess, NamesAForeignKey) {
  VerifierOrder asked = order();
  asked.policy = trust_single_key(key(2).public_key());
  auto verifier = Verifier::start(asked, kVerifierUid);
  ASSERT_TRUE(verifier.ok()) << verifier.error().detail;
  EXPECT_ERROR(verifier->ask({release_.name(), {{"kernel", 1.5}}, {{"freeze", 0.1}}}, soon(),
                             system_clock()),
               ErrorCode::kWrongKey);
}

TEST_F(VerifierProcess, EndsWithoutAQuestion) {
  auto verifier = Verifier::start(order(), kVerifierUid);
  ASSERT_TRUE(verifier.ok()) << verifier.error().detail;
  // Its destructor reaps it; a process that waited on would hang this test.
}

TEST_F(VerifierProcess, PassesItsDeadlineOn) {
  auto verifier = Verifier::start(order(), kVerifierUid);
  ASSERT_TRUE(verifier.ok()) << verifier.error().detail;
  EXPECT_ERROR(verifier->ask({release_.name(), {{"kernel", 1.5}}, {{"freeze", 0.1}}},
                             system_clock().now(), system_clock()),
               ErrorCode::kTimeout);
}

}  // namespace
}  // namespace phase::boot
