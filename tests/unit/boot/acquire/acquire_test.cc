// Goal: what one acquire makes of a cache and of pointers that come one after the other. Method: a
// real cache and session; nobody else is there, the pointers come from here, and so does the time.
#include "boot/acquire.h"

#include <algorithm>
#include <filesystem>
#include <thread>

#include "boot/root_search.h"
#include "tests/unit/boot/acquire/acquire_fixture.h"
#include "tests/unit/boot/acquire/fixed_server.h"

namespace phase::boot {
namespace {

using std::chrono::seconds;
using test::SampleRelease;

class AcquireTest : public AcquireFixture {
 protected:
  void SetUp() override {
    AcquireFixture::SetUp();
    test::add(cache_, older_);
  }

  SampleRelease older_{folder_, {.version = 1}};
  SampleRelease newer_{folder_, {.version = 2}};
};

TEST_F(AcquireTest, HandsOnEveryItemOfAPointerWhoseReleaseWasInTheCache) {
  Acquire acquire(*session_, clock_, options());
  acquire.start();
  for (int index = 0; index < kPointerSalts; ++index) {
    offer(acquire, pointer_to(older_, {.index = index}));
  }
  EXPECT_FALSE(acquire.acquired().has_value()) << "a better one could still come";
  pass(acquire, kRootPatience);

  ASSERT_TRUE(acquire.acquired().has_value()) << stage_name(acquire.stage());
  EXPECT_FALSE(acquire.acquired()->release.has_value());
  EXPECT_EQ(acquire.acquired()->pointer.size(), std::size_t{kPointerSalts});
  EXPECT_EQ(acquire.report().from_cache, older_.manifest().total_bytes());
  EXPECT_EQ(acquire.report().path, "DHT, bytes from the cache");
}

// The pointer names a holder, and no peer listens there: its HTTP port is tried, but not before peers
// have had their time.
TEST_F(AcquireTest, AsksAHolderOverHttpOnceNoPeerDelivers) {
  const test::FixedServer holder(
      {{"/pointer/" + test::key(1).public_key().hex() + "/stable/x86_64", Bytes{1}}});
  Endpoint nobody = holder.endpoint();
  nobody.port = 1;
  Acquire acquire(*session_, clock_, options());
  const auto says_so = [&] {
    const auto lines = acquire.take_messages();
    return std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
      return line.find("over HTTP, since no peer delivers") != std::string::npos;
    });
  };
  acquire.start();
  offer(acquire, pointer_to(newer_, {.providers = {{nobody, holder.endpoint().port}}}));
  ASSERT_EQ(acquire.stage(), Stage::kProviders);
  pass(acquire, seconds(9));
  EXPECT_FALSE(says_so());
  pass(acquire, seconds(1));
  EXPECT_TRUE(says_so());
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  while (holder.answered() == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(holder.answered(), 1u);
  pass(acquire, seconds(1));
  EXPECT_FALSE(says_so()) << "each once";
}

TEST_F(AcquireTest, ABetterPointerTakesBackWhatCameFromTheCache) {
  Acquire acquire(*session_, clock_, options());
  acquire.start();
  offer(acquire, pointer_to(older_));
  ASSERT_EQ(acquire.stage(), Stage::kVerify);
  offer(acquire, pointer_to(newer_));

  EXPECT_EQ(acquire.stage(), Stage::kProviders);
  EXPECT_EQ(acquire.report().from_cache, 0u);
  EXPECT_TRUE(std::filesystem::is_empty(out()));
}

TEST_F(AcquireTest, ABetterPointerLeavesWhatLayThereBeforeTheCacheWasRead) {
  std::string lay_there;
  {
    Acquire first(*session_, clock_, options());
    first.start();
    offer(first, pointer_to(older_));
    pass(first, kRootPatience);
    ASSERT_TRUE(first.acquired().has_value());
    lay_there = first.acquired()->folder;
  }
  Acquire acquire(*session_, clock_, options());
  acquire.start();
  offer(acquire, pointer_to(older_));
  offer(acquire, pointer_to(newer_));
  ASSERT_EQ(acquire.stage(), Stage::kProviders);
  EXPECT_TRUE(std::filesystem::exists(lay_there + "/kernel"));
}

TEST_F(AcquireTest, NeverTakesWhatIsOlderThanAPointerThatWasSeen) {
  Acquire acquire(*session_, clock_, options());
  acquire.start();
  offer(acquire, pointer_to(newer_));
  pass(acquire, seconds(120));

  ASSERT_TRUE(acquire.error().has_value()) << stage_name(acquire.stage());
  EXPECT_EQ(acquire.error()->code, ErrorCode::kNoProvider);
  EXPECT_TRUE(std::filesystem::is_empty(out()));
}

TEST_F(AcquireTest, TakesTheCachesWhereNothingNewerIsFoundInTime) {
  Acquire acquire(*session_, clock_, options());
  acquire.start();
  pass(acquire, seconds(14));
  EXPECT_FALSE(acquire.acquired().has_value());
  pass(acquire, seconds(2));
  ASSERT_TRUE(acquire.acquired().has_value());
  EXPECT_EQ(acquire.report().path, "cache: nothing newer was found");
}

// An attacker who replays old pointers must not fill the console, nor PID 1's count of lines.
TEST_F(AcquireTest, SaysSoManyRefusalsAndNoMore) {
  constexpr std::uint64_t kReplayed = 200;
  auto with_floor = options();
  with_floor.min_version = 10'000;
  Acquire acquire(*session_, clock_, std::move(with_floor));
  acquire.start();
  (void)acquire.take_messages();
  std::size_t said = 0;
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t version = 1; version <= kReplayed; ++version) {
      Pointer old;
      old.release_version = version;
      old.expires = test::kExpires;
      old.infohash_v1.fill(1);
      old.infohash_v2.fill(1);
      offer(acquire, sign_item(test::key(1), pointer_salt("stable", "x86_64", 0),
                               static_cast<std::int64_t>(version), encode_pointer(old)));
      said += acquire.take_messages().size();
    }
  }
  EXPECT_EQ(acquire.report().refusals.size(), 32u) << "the replayed pointers were not refused";
  EXPECT_EQ(said, 33u);
}

}  // namespace
}  // namespace phase::boot
