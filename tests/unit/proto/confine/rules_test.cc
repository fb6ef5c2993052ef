// Goal: the rules themselves hold the promises that do not depend on a kernel. Method: read them.
#include "proto/confine/rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace phase::confine {
namespace {

std::set<std::string> allowed(Profile profile) {
  std::set<std::string> calls;
  for (const Group* group : groups_of(profile)) {
    for (const Rule& rule : group->rules) calls.insert(rule.call);
  }
  return calls;
}

TEST(Rules, KexecIsInNoProfile) {
  for (const Profile profile : kProfiles) {
    const auto attacks = attack_calls(profile);
    for (const char* call : {"kexec_load", "kexec_file_load"}) {
      EXPECT_FALSE(allowed(profile).contains(call)) << profile_name(profile);
      EXPECT_EQ(std::count(attacks.begin(), attacks.end(), call), 1) << profile_name(profile);
    }
  }
}

TEST(Rules, WhatIsAllowedIsNoAttack) {
  for (const Profile profile : kProfiles) {
    const auto calls = allowed(profile);
    for (const std::string& attack : attack_calls(profile)) {
      EXPECT_FALSE(calls.contains(attack)) << profile_name(profile) << ": " << attack;
    }
  }
  EXPECT_TRUE(allowed(Profile::kMounter).contains("mount"));
}

// phase-net and plasmd start phase-lan, which adds a filter of its own to theirs.
TEST(Rules, WhoStartsTheLanProgramsAllowsWhatTheyDo) {
  struct Pair {
    Profile parent, child;
  };
  for (const auto& [parent, child] : {Pair{Profile::kFetcher, Profile::kLan},
                                      Pair{Profile::kProvider, Profile::kLan},
                                      Pair{Profile::kProvider, Profile::kLanBus}}) {
    const auto calls = allowed(parent);
    for (const std::string& call : allowed(child)) {
      const bool timer = call.starts_with("timerfd");
      EXPECT_TRUE(calls.contains(call) || timer)
          << profile_name(parent) << " lacks " << call << " of " << profile_name(child);
    }
  }
}

}  // namespace
}  // namespace phase::confine
