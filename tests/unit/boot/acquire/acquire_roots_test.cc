// Goal: a newer root decides from the moment it is known, also over what was begun before. Method:
// as in acquire_test.cc: a real cache and session, pointers and roots from here.
#include "boot/acquire.h"
#include "boot/root_search.h"
#include "tests/unit/boot/acquire/acquire_fixture.h"

namespace phase::boot {
namespace {

using std::chrono::seconds;
using test::key;
using test::SampleRelease;

/// Root 2: every role is key 2's from now on; key 1 says so.
Bytes second_root() {
  Root root = virtual_root(key(2).public_key());
  root.version = 2;
  const SecretKey old_key = key(1);
  const SecretKey new_key = key(2);
  return sign_envelope(kRootType, *encode_root(root), {&old_key, &new_key});
}

class AcquireRootsTest : public AcquireFixture {
 protected:
  SampleRelease by_old_{folder_, {.version = 5, .signer = 1}};
  SampleRelease by_new_{folder_, {.version = 3, .signer = 2}};
};

TEST_F(AcquireRootsTest, TakesWhatTheNewKeysSignedAndNamesTheChain) {
  test::add(cache_, by_new_);
  auto with_root = options();
  with_root.roots = {second_root()};
  Acquire acquire(*session_, clock_, std::move(with_root));
  acquire.start();
  offer(acquire, pointer_to(by_new_, {.signer = 2, .expires = 0}));
  pass(acquire, kRootPatience);
  ASSERT_TRUE(acquire.acquired().has_value()) << stage_name(acquire.stage());
  EXPECT_EQ(acquire.acquired()->manifest.manifest.release_version, 3u);
  EXPECT_EQ(acquire.acquired()->roots, std::vector<Bytes>{second_root()});
}

// Its key was stolen, and root 2 says so. That its version is higher makes it no better.
TEST_F(AcquireRootsTest, RefusesWhatARevokedKeySigned) {
  test::add(cache_, by_old_);
  auto with_root = options();
  with_root.roots = {second_root()};
  Acquire acquire(*session_, clock_, std::move(with_root));
  acquire.start();
  offer(acquire, pointer_to(by_old_, {.expires = 0}));
  EXPECT_EQ(acquire.stage(), Stage::kDiscover);
  pass(acquire, seconds(61));
  ASSERT_TRUE(acquire.error().has_value());
  EXPECT_EQ(acquire.error()->code, ErrorCode::kNoPointer);
  EXPECT_FALSE(acquire.acquired().has_value());
}

// A cache that a newer root was stored in makes that root hold without any network.
TEST_F(AcquireRootsTest, LearnsTheRootFromTheCache) {
  CacheEntry entry = by_new_.entry();
  entry.roots = {second_root()};
  ASSERT_TRUE(cache_.add(entry, {test::kCreated}, {}).ok());
  test::add(cache_, by_old_);
  auto offline = options();
  offline.only_cache = true;
  Acquire acquire(*session_, clock_, std::move(offline));
  acquire.start();
  ASSERT_TRUE(acquire.acquired().has_value()) << acquire.error()->detail;
  EXPECT_EQ(acquire.acquired()->manifest.manifest.release_version, 3u) << "5 is of the revoked key";
}

TEST_F(AcquireRootsTest, ForgedRootsChangeNothing) {
  test::add(cache_, by_old_);
  Root forged = virtual_root(key(9).public_key());
  forged.version = 2;
  const SecretKey attacker = key(9);
  auto with_root = options();
  with_root.roots = {sign_envelope(kRootType, *encode_root(forged), {&attacker})};
  Acquire acquire(*session_, clock_, std::move(with_root));
  acquire.start();
  offer(acquire, pointer_to(by_old_, {.expires = 0}));
  pass(acquire, kRootPatience);
  ASSERT_TRUE(acquire.acquired().has_value()) << stage_name(acquire.stage());
  EXPECT_EQ(acquire.acquired()->manifest.manifest.release_version, 5u);
  EXPECT_TRUE(acquire.acquired()->roots.empty());
  ASSERT_FALSE(acquire.report().refusals.empty());
}

// The clock jumps ten years while the release is on its way: the run's time stays what it was.
TEST_F(AcquireRootsTest, OneTimeHoldsForTheWholeRun) {
  test::add(cache_, by_old_);
  auto late = options();
  late.now = WallTime{test::kExpires};
  Acquire refused(*session_, clock_, std::move(late));
  refused.start();
  offer(refused, pointer_to(by_old_, {.expires = 0}));
  pass(refused, kRootPatience);
  EXPECT_FALSE(refused.acquired().has_value());

  auto in_time = options();
  in_time.now = WallTime{test::kExpires - 1};
  Acquire accepted(*session_, clock_, std::move(in_time));
  accepted.start();
  offer(accepted, pointer_to(by_old_, {.expires = 0}));
  pass(accepted, kRootPatience);
  EXPECT_TRUE(accepted.acquired().has_value());
}

}  // namespace
}  // namespace phase::boot
