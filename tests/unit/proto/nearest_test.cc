#include "proto/nearest.h"

#include <gtest/gtest.h>

#include <array>

namespace phase {
namespace {

constexpr std::array<std::string_view, 4> kKnown{"bootstrap", "channel", "key", "locked"};

TEST(Nearest, FindsWhatWasMeant) {
  EXPECT_EQ(nearest_name("bootstrap", kKnown), "bootstrap");
  EXPECT_EQ(nearest_name("botstrap", kKnown), "bootstrap");
  EXPECT_EQ(nearest_name("bootsrtap", kKnown), "bootstrap") << "neighbours swapped";
  EXPECT_EQ(nearest_name("chanel", kKnown), "channel");
  EXPECT_EQ(nearest_name("kye", kKnown), "key");
  EXPECT_EQ(did_you_mean("lokced", kKnown), " (did you mean 'locked'?)");
}

TEST(Nearest, SaysNothingWhereNothingIsNear) {
  EXPECT_FALSE(nearest_name("rootfs_password", kKnown).has_value());
  EXPECT_FALSE(nearest_name("", kKnown).has_value());
  EXPECT_EQ(did_you_mean(std::string(100'000, 'x'), kKnown), "");
  EXPECT_FALSE(nearest_name("key", {}).has_value());
}

}  // namespace
}  // namespace phase
