// Goal: a newer root decides from the moment it is known, also over what was begun before. Method:
// as in acquire_test.cc: a real cache and session, pointers and roots from here.
#include <filesystem>

#include "boot/acquire.h"
#include "boot/root_search.h"
#include "tests/unit/boot/cache/support.h"

namespace phase::boot {
namespace {

using std::chrono::seconds;
using test::key;
using test::SampleRelease;

class HeldClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return time; }
  [[nodiscard]] WallTime wall() const override { return {test::kCreated + 60}; }
  MonoTime time{seconds(1000)};
};

SignedItem pointer_to(const SampleRelease& release, std::uint8_t signer) {
  const std::uint64_t version = release.manifest().release_version;
  Pointer pointer;
  pointer.infohash_v1.fill(static_cast<std::uint8_t>(version));
  pointer.infohash_v2.fill(static_cast<std::uint8_t>(version));
  pointer.manifest_sha256 = release.hash();
  pointer.release_version = version;
  return sign_item(key(signer), pointer_salt("stable", "x86_64", 0), 1, encode_pointer(pointer));
}

/// Root 2: every role is key 2's from now on; key 1 says so.
Bytes second_root() {
  Root root = virtual_root(key(2).public_key());
  root.version = 2;
  const SecretKey old_key = key(1);
  const SecretKey new_key = key(2);
  return sign_envelope(kRootType, *encode_root(root), {&old_key, &new_key});
}

class AcquireRootsTest : public testing::Test {
 protected:
  void SetUp() override {
    dht::SessionOptions options;
    options.listen = {*parse_address("127.0.0.1", 0)};
    options.network = dht::NetworkKind::kPrivate;
    auto session = dht::Session::open(options);
    ASSERT_TRUE(session.ok()) << session.error().detail;
    session_ = std::move(*session);
    std::filesystem::create_directories(folder_ / "out");
  }
  [[nodiscard]] AcquireOptions options() {
    AcquireOptions out;
    out.policy = trust_single_key(key(1).public_key());
    out.channel = "stable";
    out.arch = "x86_64";
    out.folder = folder_ / "out";
    out.cache = &cache_;
    return out;
  }
  static void offer(Acquire& acquire, const SignedItem& item) {
    for (dht::LookupId lookup = 0; lookup < 16; ++lookup) {
      acquire.handle(dht::ItemFound{lookup, item});
    }
  }
  void pass(Acquire& acquire, seconds time) {
    clock_.time += time;
    acquire.tick();
  }

  test::TempFolder folder_;
  SampleRelease by_old_{folder_, {.version = 5, .signer = 1}};
  SampleRelease by_new_{folder_, {.version = 3, .signer = 2}};
  Cache cache_ = test::open_cache(test::make_cache(folder_));
  HeldClock clock_;
  std::unique_ptr<dht::Session> session_;
};

TEST_F(AcquireRootsTest, TakesWhatTheNewKeysSignedAndNamesTheChain) {
  test::add(cache_, by_new_);
  auto with_root = options();
  with_root.roots = {second_root()};
  Acquire acquire(*session_, clock_, std::move(with_root));
  acquire.start();
  offer(acquire, pointer_to(by_new_, 2));
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
  offer(acquire, pointer_to(by_old_, 1));
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
  offer(acquire, pointer_to(by_old_, 1));
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
  offer(refused, pointer_to(by_old_, 1));
  pass(refused, kRootPatience);
  EXPECT_FALSE(refused.acquired().has_value());

  auto in_time = options();
  in_time.now = WallTime{test::kExpires - 1};
  Acquire accepted(*session_, clock_, std::move(in_time));
  accepted.start();
  offer(accepted, pointer_to(by_old_, 1));
  pass(accepted, kRootPatience);
  EXPECT_TRUE(accepted.acquired().has_value());
}

}  // namespace
}  // namespace phase::boot
