// Goal: a machine whose clock is at 1970 boots what is valid, and nothing that had expired when its
// initramfs was built. Method: two machines with such a clock, one built today, one built after the
// release's expiry. (A clock years ahead: Refusal.RefusesAnExpiredRelease.)
#include <gmock/gmock.h>

#include "own_trust.h"
#include "proto/ports.h"
#include "scene.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;
using testing::SizeIs;

constexpr std::int64_t kDay = 24 * 3600;

class MachineClock : public Scene {
 protected:
  [[nodiscard]] ReleaseKit built_in_days(std::int64_t days) const {
    TrustPolicy policy = locked_to(kit());
    policy.time_floor = WallTime{system_clock().wall().seconds + days * kDay};
    return with_trust(kit(), policy, scratch() + "/built-" + std::to_string(days) + ".cpio");
  }
  static PowerOnChoice at_1970() {
    PowerOnChoice choice;
    choice.more_qemu = {"-rtc", "base=1970-01-01T00:00:00"};
    choice.more_command_line = "phase.onfail=poweroff";
    return choice;
  }
};

TEST_F(MachineClock, At1970IsTakenForTheTimeOfTheBuild) {
  PublishChoice choice;
  choice.more = {"--expires", "30d"};
  const auto version = publish(choice);
  {
    const auto machine = must(world().power_on(built_in_days(60), at_1970()));
    const auto report = must(watch_first_report(shell(), *machine, minutes(3)));
    expect_refused(*machine, report);
    EXPECT_EQ(report.error, "expired") << report.detail;
    EXPECT_THAT(machine->lines_matching("clock: raised to the time this initramfs was built"),
                SizeIs(1));
  }
  const auto machine = must(world().power_on(built_in_days(0), at_1970()));
  must(check_boot(must(watch_boot(shell(), *machine, minutes(3))), version, kit().public_key));
}

}  // namespace
}  // namespace phase::sim
