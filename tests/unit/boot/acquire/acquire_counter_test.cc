// Goal: a machine whose TPM has seen a newer root fetches nothing under an older one, and goes on by
// itself once the newer one is found. Method: as in acquire_test.cc; everything that could be taken
// at once lies in a cache, and the newer root comes from a provider on loopback.
#include <filesystem>

#include <gmock/gmock.h>

#include "boot/acquire.h"
#include "boot/root_search.h"
#include "tests/unit/boot/acquire/acquire_fixture.h"
#include "tests/unit/boot/acquire/fixed_server.h"

namespace phase::boot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FixedServer;
using test::key;
using test::SampleRelease;
using testing::Contains;
using testing::HasSubstr;

/// Root 2: the same key in every role, and a counter.
Bytes second_root(std::uint64_t counter) {
  Root root = virtual_root(key(1).public_key());
  root.version = 2;
  root.counter = counter;
  const SecretKey signer = key(1);
  return sign_envelope(kRootType, *encode_root(root), {&signer});
}

class AcquireCounterTest : public AcquireFixture {
 protected:
  void SetUp() override {
    AcquireFixture::SetUp();
    test::add(cache_, release_);
  }
  [[nodiscard]] AcquireOptions options_with(std::uint64_t root_counter) {
    AcquireOptions out = options();
    out.root_counter = root_counter;
    return out;
  }
  void expect_nothing_taken(const Acquire& acquire) {
    EXPECT_FALSE(acquire.acquired().has_value());
    EXPECT_EQ(acquire.report().from_cache, 0u);
    EXPECT_TRUE(std::filesystem::is_empty(out()));
  }
  SampleRelease release_{folder_, {.version = 5}};
};

TEST_F(AcquireCounterTest, TakesNothingUnderAnOlderRootAndWaitsForANewerOne) {
  Acquire acquire(*session_, clock_, options_with(2));
  acquire.start();
  EXPECT_THAT(acquire.take_messages(), Contains(HasSubstr("a newer root document is needed")));
  offer(acquire, pointer_to(release_));
  pass(acquire, kRootPatience);
  expect_nothing_taken(acquire);
  EXPECT_FALSE(acquire.error().has_value()) << "a newer root may still come";
}

TEST_F(AcquireCounterTest, EndsWithTheReasonWhereNoNewerRootComes) {
  Acquire acquire(*session_, clock_, options_with(2));
  acquire.start();
  acquire.handle(dht::DhtReady{});  // Somebody is there, and has no pointer either.
  pass(acquire, seconds(61));
  ASSERT_TRUE(acquire.error().has_value()) << stage_name(acquire.stage());
  EXPECT_EQ(acquire.error()->code, ErrorCode::kTpm);
  EXPECT_THAT(acquire.error()->detail, HasSubstr("has seen counter 2"));
  expect_nothing_taken(acquire);
}

TEST_F(AcquireCounterTest, WithoutANetworkItSaysSoAtOnce) {
  auto offline = options_with(1);
  offline.only_cache = true;
  Acquire acquire(*session_, clock_, std::move(offline));
  acquire.start();
  ASSERT_TRUE(acquire.error().has_value());
  EXPECT_EQ(acquire.error()->code, ErrorCode::kTpm);
  expect_nothing_taken(acquire);
}

// What was held back is taken by itself, once the root that the machine has seen is there.
TEST_F(AcquireCounterTest, TakesTheReleaseOnceTheNewerRootIsFound) {
  const FixedServer provider({{next_root_path(virtual_root(key(1).public_key())),
                               encode_root_chain({second_root(2)})}});
  auto given = options_with(2);
  given.provider_urls = {provider.url()};
  Acquire acquire(*session_, clock_, std::move(given));
  acquire.start();
  offer(acquire, pointer_to(release_));
  expect_nothing_taken(acquire);
  const auto limit = std::chrono::steady_clock::now() + seconds(20);
  while (!acquire.acquired() && std::chrono::steady_clock::now() < limit) {
    for (const dht::Event& event : session_->wait(milliseconds(100))) acquire.handle(event);
    pass(acquire, seconds(0));
    // The answer is there; nobody else could tell of a newer root.
    if (provider.answered() > 0) clock_.time += milliseconds(500);
  }
  ASSERT_TRUE(acquire.acquired().has_value()) << stage_name(acquire.stage());
  EXPECT_EQ(acquire.acquired()->roots, std::vector<Bytes>{second_root(2)});
  EXPECT_EQ(acquire.acquired()->manifest.manifest.release_version, 5u);
}

TEST_F(AcquireCounterTest, ANewerRootWithALowerCounterIsNotEnough) {
  auto known = options_with(3);
  known.roots = {second_root(2)};
  Acquire acquire(*session_, clock_, std::move(known));
  acquire.start();
  offer(acquire, pointer_to(release_));
  pass(acquire, kRootPatience);
  expect_nothing_taken(acquire);

  auto enough = options_with(2);
  enough.roots = {second_root(2)};
  Acquire taken(*session_, clock_, std::move(enough));
  taken.start();
  offer(taken, pointer_to(release_));
  pass(taken, kRootPatience);
  EXPECT_TRUE(taken.acquired().has_value()) << stage_name(taken.stage());
}

}  // namespace
}  // namespace phase::boot
