// Goal: altered bytes never reach the next kernel, and cost a boot only where nobody is honest.
// Method: providers with the real release that alter the kernel while they send it, and count
// what they sent; a run in which they sent none proves nothing and fails.
#include <gmock/gmock.h>

#include "scene.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;

class Alteration : public Scene {};

TEST_F(Alteration, BootsAndNamesTheOneProviderThatAlters) {
  const auto version = publish();
  // Slow, so that the machine needs the other one too.
  must(world().start_follower(kit().public_key, Rate{40'000'000}));
  must(world().await_followers(version));
  const std::string altering_address = world().provider_address(1);
  Process& altering = start_altering_provider("kernel");
  must(world().stop_publisher());

  auto machine = must(world().power_on(kit()));
  const auto boot = must(watch_boot(shell(), *machine, minutes(5)));

  must(check_boot(boot, version, kit().public_key));
  EXPECT_GT(altered_bytes_sent(altering), 0u);
  EXPECT_THAT(boot.before.refusals, testing::Contains(testing::HasSubstr(altering_address)));
}

TEST_F(Alteration, RefusesWhereAllProvidersAlterAndNeverStartsAnotherKernel) {
  (void)publish();
  Process& first = start_altering_provider("kernel");
  Process& second = start_altering_provider("kernel");
  must(world().stop_publisher());

  const auto report = refusal();

  EXPECT_EQ(report.error, "altered") << report.detail;
  EXPECT_GT(altered_bytes_sent(first) + altered_bytes_sent(second), 0u);
  EXPECT_THAT(report.refusals, testing::Not(testing::IsEmpty()));
}

}  // namespace
}  // namespace phase::sim
