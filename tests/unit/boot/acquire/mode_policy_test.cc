// Goal: each mode keeps its promises on paper, and the page about it is made of the same table.
// Method: the policy itself, and docs/FALLBACK.md as it lies in the tree.
#include "boot/mode_policy.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace phase::boot {
namespace {

TEST(ModePolicy, PrivateLeavesNothingBehind) {
  const ModePolicy& policy = policy_of(Mode::kPrivate);
  EXPECT_TRUE(policy.anonymous);
  EXPECT_FALSE(policy.lan) << "DNS-SD is told to everybody on the link";
  EXPECT_FALSE(policy.storage || policy.cache || policy.write_cache);
  EXPECT_FALSE(policy.tell_next || policy.serve_next);
}

TEST(ModePolicy, LocalAsksNobodyBeyondTheLink) {
  const ModePolicy& policy = policy_of(Mode::kLocal);
  EXPECT_TRUE(policy.only_on_link);
  EXPECT_FALSE(policy.dht);
  EXPECT_TRUE(policy.cache && policy.lan && policy.given);
}

TEST(ModePolicy, InternetAsksEverybody) {
  const ModePolicy& policy = policy_of(Mode::kInternet);
  EXPECT_TRUE(policy.cache && policy.lan && policy.dht && policy.given);
  EXPECT_GT(policy.far_wait, Duration{});
}

TEST(ModePolicy, NamesLeadBackToTheirModes) {
  for (const Mode mode : {Mode::kInternet, Mode::kLocal, Mode::kPrivate}) {
    EXPECT_EQ(mode_of(mode_name(mode)), mode);
  }
  EXPECT_FALSE(mode_of("Private"));
  EXPECT_FALSE(mode_of(""));
}

TEST(ModePolicy, ThePageSaysWhatTheProgramsDo) {
  std::ifstream file(PHASE_SOURCE_DIR "/docs/FALLBACK.md");
  std::ostringstream page;
  page << file.rdbuf();
  EXPECT_NE(page.str().find(policy_table()), std::string::npos)
      << "docs/FALLBACK.md must hold this table:\n"
      << policy_table();
}

}  // namespace
}  // namespace phase::boot
