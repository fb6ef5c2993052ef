// Goal: verifier and network child go by the same floors, whatever PID 1 found out. Method: the plan's
// arguments are read by the child's own parser.
#include "boot/init/attempt_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "boot/init/net_options.h"
#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

using testing::Contains;
using testing::Not;

class AttemptPlanTest : public testing::Test {
 protected:
  [[nodiscard]] AttemptPlan plan() const {
    return {.options = options_, .policy = policy_, .arch = "x86_64", .now = WallTime{1'800'000'000}};
  }
  BootOptions options_;
  TrustPolicy policy_ = trust_single_key(test::key(1).public_key());
};

TEST_F(AttemptPlanTest, BothAreToldWhatTheTpmKeeps) {
  AttemptPlan with_tpm = plan();
  with_tpm.tpm_counter = 3;
  EXPECT_EQ(with_tpm.verifier_order().tpm_counter, 3u);
  const auto told = parse_net_options(with_tpm.fetch_arguments(""));
  ASSERT_TRUE(told.ok()) << told.error().detail;
  EXPECT_EQ(told->root_counter, 3u);
}

TEST_F(AttemptPlanTest, WithoutATpmNothingIsAskedOfTheRoot) {
  const auto arguments = plan().fetch_arguments("");
  EXPECT_THAT(arguments, Not(Contains("--root-counter")));
  EXPECT_EQ(parse_net_options(arguments)->root_counter, 0u);
}

TEST_F(AttemptPlanTest, BothAreToldTheHighestReleaseFloor) {
  options_.min_version = 4;
  AttemptPlan lower = plan();
  lower.floor = 2;
  AttemptPlan higher = plan();
  higher.floor = 7;
  for (const auto& [one, floor] : {std::pair(&lower, 4u), std::pair(&higher, 7u)}) {
    EXPECT_EQ(one->verifier_order().min_version, floor);
    EXPECT_EQ(parse_net_options(one->fetch_arguments(""))->min_version, floor);
  }
}

}  // namespace
}  // namespace phase::boot
