#include "proto/ports.h"

#include <gtest/gtest.h>

#include <ctime>

namespace phase {
namespace {

TEST(SystemClock, TellsTheTimeOfTheSystem) {
  const std::int64_t before = std::time(nullptr);
  const WallTime wall = system_clock().wall();
  EXPECT_GE(wall.seconds, before - 1);  // time() may lag by a kernel tick
  EXPECT_LE(wall.seconds, std::time(nullptr) + 1);
  const MonoTime first = system_clock().now();
  EXPECT_LE(first, system_clock().now());
}

TEST(SystemRandom, FillsEveryByteAndNeverAlike) {
  Bytes one(64), other(64);
  system_random().fill(one);
  system_random().fill(other);
  EXPECT_NE(one, other);
  EXPECT_NE(Bytes(one.begin() + 32, one.end()), Bytes(32)) << "the end was left at zero";
  system_random().fill({});
}

}  // namespace
}  // namespace phase
