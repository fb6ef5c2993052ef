// Goal: a machine that fails asks again soon, then ever more rarely, and many machines do not ask
// together. Method: chance that is given.
#include "boot/init/onfail.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace phase::boot {
namespace {

using std::chrono::milliseconds;

class Always final : public Random {
 public:
  explicit Always(std::uint8_t value) : value_(value) {}
  void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), value_); }

 private:
  std::uint8_t value_;
};

std::vector<long> pauses(std::uint8_t chance, int count) {
  Always random(chance);
  Backoff backoff(random);
  std::vector<long> out;
  for (int i = 0; i < count; ++i) out.push_back(backoff.next().count());
  return out;
}

TEST(Backoff, DoublesFromOneSecondToAMinute) {
  EXPECT_EQ(pauses(0, 9), (std::vector<long>{1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000,
                                             60000}));
}

TEST(Backoff, AddsAtMostAQuarterByChance) {
  const auto least = pauses(0, 9);
  const auto most = pauses(255, 9);
  for (std::size_t i = 0; i < least.size(); ++i) {
    EXPECT_GT(most[i], least[i] + least[i] / 5);
    EXPECT_LE(most[i], least[i] + least[i] / 4);
  }
}

TEST(Backoff, BeginsAgainAfterSuccess) {
  Always random(0);
  Backoff backoff(random);
  for (int i = 0; i < 5; ++i) (void)backoff.next();
  backoff.reset();
  EXPECT_EQ(backoff.next(), milliseconds(1000));
}

}  // namespace
}  // namespace phase::boot
