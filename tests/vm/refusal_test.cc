// Goal: what is signed wrongly, too old or too large is refused by name before it costs anything.
// Method: each is published for real and served by honest nodes; the machine's report must name
// the reason, and its console may show one kernel only.
#include <gmock/gmock.h>

#include <regex>

#include "scene.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;

constexpr std::uint64_t kStepMib = 16;
constexpr std::uint64_t kMostMib = 256;

class Refusal : public Scene {};

// The thief of a pointer key can lead machines to a release, not make them start it.
TEST_F(Refusal, RefusesAManifestThatAnotherKeySigned) {
  ReleaseKit other = kit();
  other.public_key = must(make_key(shell(), scratch() + "/other"));
  other.secret_key = scratch() + "/other/secret.key";
  (void)must(world().publish(other));
  must(world().start_publisher());
  auto items = must(shell().run(
      "router", {"curl", "--silent", "--show-error", "--fail", "--output", scratch() + "/items",
                 "http://10.77.2.1:8080/pointer/" + other.public_key + "/stable/x86_64"}));
  auto forged = must(shell().run(
      "router", {"phase-forge-pointer", "--items", scratch() + "/items", "--signed-by",
                 other.public_key, "--secret-key", kit().secret_key, "--bootstrap",
                 world().bootstrap().front()}));
  ASSERT_THAT(forged, testing::HasSubstr("forged "));

  const auto report = refusal();

  EXPECT_EQ(report.error, "wrong-key") << report.detail;
}

TEST_F(Refusal, RefusesAnExpiredRelease) {
  PublishChoice choice;
  choice.more = {"--expires", "30d"};
  (void)publish(choice);
  PowerOnChoice later;
  later.more_qemu = {"-rtc", "base=2037-01-01T00:00:00"};

  const auto report = refusal(later);

  EXPECT_EQ(report.error, "expired") << report.detail;
}

// From a size that surely is too small upwards: every machine but the last one refuses, so the one
// before it was one step too small.
TEST_F(Refusal, RefusesBeforeFetchingWhereMemoryIsOneStepTooSmall) {
  const auto version = publish();
  must(world().start_follower(kit().public_key));
  must(world().await_followers(version));
  int refused = 0;
  PowerOnChoice choice;
  for (choice.memory_mib = 176; choice.memory_mib <= kMostMib; choice.memory_mib += kStepMib) {
    auto machine = power_on_once(choice);
    const auto report = must(watch_first_report(shell(), *machine, minutes(3)));
    if (report.stage == "boot") {
      must(check_boot(must(watch_boot(shell(), *machine, minutes(3))), version, kit().public_key));
      EXPECT_GT(refused, 0) << "no machine was too small";
      return;
    }
    ++refused;
    expect_refused(*machine, report);
    EXPECT_EQ(report.error, "memory") << report.detail;
    EXPECT_TRUE(std::regex_search(report.detail,
                                  std::regex("needed [0-9]+ MiB .*available [0-9]+ MiB")))
        << report.detail;
    EXPECT_TRUE(machine->lines_matching("[0-9] % of ").empty()) << "it fetched before it refused";
  }
  ADD_FAILURE() << "a machine with " << kMostMib << " MiB refuses a release of this size";
}

}  // namespace
}  // namespace phase::sim
