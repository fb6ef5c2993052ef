// What the tests of one acquire share: a real cache and session with nobody else there; pointers and
// time come from the test.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "boot/acquire.h"
#include "tests/unit/boot/cache/support.h"

namespace phase::boot {

class HeldClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return time; }
  [[nodiscard]] WallTime wall() const override { return {test::kCreated + 60}; }
  MonoTime time{std::chrono::seconds(1000)};
};

struct PointerSpec {
  std::uint8_t signer = 1;
  int index = 0;  ///< Of the salts.
  std::int64_t expires = test::kExpires;
  std::vector<ProviderHint> providers = {};
};
SignedItem pointer_to(const test::SampleRelease& release, const PointerSpec& spec = {});

class AcquireFixture : public testing::Test {
 protected:
  void SetUp() override;
  /// Key 1 signs everything; what is acquired goes to out(), from cache_ where it is there.
  [[nodiscard]] AcquireOptions options();
  [[nodiscard]] std::string out() const { return folder_ / "out"; }
  /// As the DHT's answer to whichever look-up asked.
  static void offer(Acquire& acquire, const SignedItem& item);
  void pass(Acquire& acquire, std::chrono::seconds time);

  test::TempFolder folder_;
  Cache cache_ = test::open_cache(test::make_cache(folder_));
  HeldClock clock_;
  std::unique_ptr<dht::Session> session_;
};

}  // namespace phase::boot
