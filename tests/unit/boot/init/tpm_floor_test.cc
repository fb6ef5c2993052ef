// Goal: what is kept of a root's counter only ever rises, and a root below it is refused.
#include "boot/init/tpm_floor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

using testing::HasSubstr;

Root root_with(std::uint64_t counter) {
  Root root = virtual_root(test::key(1).public_key());
  root.counter = counter;
  return root;
}

TEST(TpmFloor, EveryCounterReadsBackAsItWasKept) {
  for (std::uint64_t counter = 0; counter <= kMostKeptCounter; ++counter) {
    EXPECT_EQ(counter_of_bits(bits_of_counter(counter)), counter);
  }
  EXPECT_EQ(bits_of_counter(0), 0U);
  EXPECT_EQ(bits_of_counter(3), 7U);
  EXPECT_EQ(bits_of_counter(64), ~std::uint64_t{0});
}

// The TPM ors what is written to what is there.
TEST(TpmFloor, NoWriteLowersWhatIsKept) {
  for (std::uint64_t first = 0; first <= 64; ++first) {
    for (std::uint64_t second = 0; second <= 64; ++second) {
      EXPECT_EQ(counter_of_bits(bits_of_counter(first) | bits_of_counter(second)),
                std::max(first, second));
    }
  }
}

TEST(TpmFloor, BitsWithGapsReadAsTheHighest) {
  EXPECT_EQ(counter_of_bits(0x8000'0000'0000'0000U), 64U);
  EXPECT_EQ(counter_of_bits(5), 3U);
}

TEST(TpmFloor, WithoutATpmNothingChanges) {
  const auto floor = tpm_floor(TpmWord{}, root_with(3));
  ASSERT_TRUE(floor.ok());
  EXPECT_EQ(floor->counter, 0U);
  EXPECT_FALSE(floor->is_warning);
  EXPECT_EQ(floor->note, "no TPM 2.0");
  EXPECT_EQ(counter_to_keep(TpmWord{}, 3), std::nullopt);
}

TEST(TpmFloor, WhatTheTpmKeepsIsTheFloor) {
  const auto floor = tpm_floor(TpmWord{.present = true, .counter = 2}, root_with(0));
  ASSERT_TRUE(floor.ok());
  EXPECT_EQ(floor->counter, 2U);
}

TEST(TpmFloor, ATpmThatDoesNotAnswerStopsWhoCountsOnIt) {
  const Result<TpmWord> silent = Error{ErrorCode::kTpm, "no answer in time"};
  const auto refused = tpm_floor(silent, root_with(1));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kTpm);
  const auto floor = tpm_floor(silent, root_with(0));
  ASSERT_TRUE(floor.ok());
  EXPECT_EQ(floor->counter, 0U);
  EXPECT_TRUE(floor->is_warning);
  EXPECT_THAT(floor->note, HasSubstr("no answer in time"));
}

TEST(TpmFloor, ARootBelowItIsRefused) {
  EXPECT_TRUE(admit_counter(root_with(0), 0).ok());
  EXPECT_TRUE(admit_counter(root_with(2), 2).ok());
  EXPECT_TRUE(admit_counter(root_with(3), 2).ok());
  const auto refused = admit_counter(root_with(1), 2);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kTpm);
  EXPECT_THAT(refused.error().detail, HasSubstr("counter 1"));
  // Beyond what can be kept, nothing is refused.
  EXPECT_TRUE(admit_counter(root_with(1000), 64).ok());
  EXPECT_FALSE(admit_counter(root_with(63), 64).ok());
}

TEST(TpmFloor, OnlyMoreIsKept) {
  const TpmWord word{.present = true, .counter = 2};
  EXPECT_EQ(counter_to_keep(word, 0), std::nullopt);
  EXPECT_EQ(counter_to_keep(word, 2), std::nullopt);
  EXPECT_EQ(counter_to_keep(word, 3), 3U);
  EXPECT_EQ(counter_to_keep(word, 1000), 64U);
  EXPECT_EQ(counter_to_keep(TpmWord{.present = true, .counter = 64}, 1000), std::nullopt);
}

}  // namespace
}  // namespace phase::boot
