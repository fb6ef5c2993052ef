// Goal: who may say what is trusted. Method: trust file and phase.key in every combination.
#include "boot/init/trust_choice.h"

#include <gmock/gmock.h>

#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

PublicKey mine() { return test::key(1).public_key(); }
PublicKey theirs() { return test::key(2).public_key(); }

std::string trust_file(bool locked) {
  TrustPolicy policy = trust_single_key(mine());
  policy.locked = locked;
  policy.min_version["stable"] = 5;
  policy.time_floor = WallTime{1'700'000'000};
  policy.mirrors = {"http://mirror.example/"};
  policy.bootstrap = {"10.0.0.1:6881"};
  policy.command_line = {*parse_option_rule("quiet", "flag")};
  return serialize_trust_file(policy);
}

TEST(TrustChoice, TakesTheKeyWhereThereIsNoFile) {
  const auto choice = choose_trust(std::nullopt, theirs());
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->policy.root, virtual_root(theirs()));
}

TEST(TrustChoice, SaysWhatToAddWhereThereIsNothingToTrust) {
  const auto choice = choose_trust(std::nullopt, std::nullopt);
  EXPECT_ERROR(choice, ErrorCode::kConfig);
  EXPECT_THAT(choice.error().detail, HasSubstr("phase.key="));
  EXPECT_THAT(choice.error().detail, HasSubstr("--trust"));
}

TEST(TrustChoice, TakesTheFileWhereThereIsNoKey) {
  const auto choice = choose_trust(trust_file(false), std::nullopt);
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->policy.root, virtual_root(mine()));
  EXPECT_EQ(choice->policy.min_version.at("stable"), 5u);
}

TEST(TrustChoice, ALockedFileBeatsTheKey) {
  const auto choice = choose_trust(trust_file(true), theirs());
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->policy.root, virtual_root(mine()));
  ASSERT_EQ(choice->warnings.size(), 1u);
  EXPECT_THAT(choice->warnings[0], HasSubstr("locked"));
}

TEST(TrustChoice, TheKeyBeatsAnOpenFileButKeepsItsClockAndNodes) {
  const auto choice = choose_trust(trust_file(false), theirs());
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->policy.root, virtual_root(theirs()));
  EXPECT_EQ(choice->policy.time_floor.seconds, 1'700'000'000);
  EXPECT_THAT(choice->policy.bootstrap, ElementsAre("10.0.0.1:6881"));
  EXPECT_EQ(choice->policy.command_line, std::vector{*parse_option_rule("quiet", "flag")});
  // They are about releases of another key.
  EXPECT_TRUE(choice->policy.min_version.empty());
  EXPECT_THAT(choice->policy.mirrors, IsEmpty());
}

TEST(TrustChoice, ADamagedFileIsNotReplacedByTheKey) {
  EXPECT_FALSE(choose_trust("locked = tru", theirs()).ok());
  EXPECT_FALSE(choose_trust("", theirs()).ok());
}

}  // namespace
}  // namespace phase::boot
