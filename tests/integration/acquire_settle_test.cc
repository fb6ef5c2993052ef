// Goal: the first pointer that comes is followed at once, and a better one that comes soon after
// still wins, whatever was begun: nothing of the older release is left, nothing that lay there
// before is lost, and an older release that cannot be had does not end the attempt.
// Method: two real releases on one seed; the newer pointer is put into the DHT only once the
// client is as far as it gets with the older one.
#include <gtest/gtest.h>

#include <filesystem>

#include "boot/acquire.h"
#include "dht_fixture.h"
#include "tests/unit/node/release_fixture.h"

namespace phase::boot {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Real time passes; the calendar is the publisher's.
class TestClock final : public Clock {
 public:
  explicit TestClock(const Clock& calendar) : calendar_(calendar) {}
  [[nodiscard]] MonoTime now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] WallTime wall() const override { return calendar_.wall(); }

 private:
  const Clock& calendar_;
};

class AcquireSettles : public dht::DhtTest {
 protected:
  static constexpr std::size_t kInitramfsBytes = 6'000'000;
  static constexpr std::uint64_t kSeedRate = 1'500'000;  // Bytes per second: four seconds in all.

  void SetUp() override {
    DhtTest::SetUp();
    bootstrap_ = start_plain_nodes(1);
    publisher_.emplace(folder("publisher"));
    node::test::write(publisher_->initramfs_file, node::test::initramfs(kInitramfsBytes));
    clock_.emplace(publisher_->clock);
    store_ = node::test::open_store(folder("store"));
    seed_ = open(2, bootstrap_, [](dht::SessionOptions& o) { o.upload_limit = kSeedRate; });
    older_ = publish();
    newer_ = publish();
    put(older_);
    client_ = open(3, bootstrap_, [](dht::SessionOptions& o) { o.read_only_dht = true; });
  }

  node::StoredRelease publish() {
    auto made = publisher_->publish(*store_);
    EXPECT_TRUE(made.ok()) << made.error().detail;
    EXPECT_TRUE(seed_.session->seed(made->torrent, made->parent).ok());
    return *made;
  }

  void put(const node::StoredRelease& release) {
    std::size_t stored = 0;
    for (const SignedItem& item : release.pointer) seed_.session->put_item(item);
    EXPECT_TRUE(dht::run_until({&seed_}, seconds(30), [&] {
      stored = 0;
      for (const auto& event : seed_.events) {
        const auto* put = std::get_if<dht::ItemStored>(&event);
        stored += put != nullptr && put->seq == release.pointer[0].seq && put->nodes > 0 ? 1U : 0U;
      }
      return stored == release.pointer.size();
    }));
  }

  AcquireOptions options(const std::string& into) {
    AcquireOptions out;
    out.policy = trust_single_key(publisher_->key.public_key());
    out.channel = "stable";
    out.arch = "x86_64";
    out.folder = into;
    out.settle = seconds(12);  // To fetch, and to be asked again: lookups do so every two seconds.
    return out;
  }

  bool run(Acquire& acquire, const std::function<bool()>& done) {
    std::size_t taken = client_.events.size();
    return dht::run_until({&seed_, &client_}, seconds(60), [&] {
      for (; taken < client_.events.size(); ++taken) acquire.handle(client_.events[taken]);
      acquire.tick();
      return done();
    });
  }

  void expect_the_newer(Acquire& acquire, const std::function<bool()>& as_far_as_it_gets) {
    acquire.start();
    ASSERT_TRUE(run(acquire, as_far_as_it_gets)) << stage_name(acquire.stage());
    EXPECT_FALSE(acquire.acquired().has_value());
    put(newer_);
    ASSERT_TRUE(run(acquire, [&] { return acquire.acquired() || acquire.error(); }));
    ASSERT_FALSE(acquire.error().has_value()) << acquire.error()->detail;
    EXPECT_EQ(acquire.acquired()->manifest.manifest.release_version, 2u);
    EXPECT_EQ(read(acquire.acquired()->folder + "/kernel"), read(newer_.folder + "/kernel"));
  }

  Endpoint bootstrap_;
  std::optional<node::test::Publisher> publisher_;
  std::optional<TestClock> clock_;
  std::unique_ptr<node::Store> store_;
  dht::Node seed_, client_;
  node::StoredRelease older_, newer_;
};

TEST_F(AcquireSettles, OnTheNewerAfterAllOfTheOlderWasFetched) {
  const auto into = folder("into");
  Acquire acquire(*client_.session, *clock_, options(into));
  expect_the_newer(acquire, [&] { return acquire.stage() == Stage::kVerify; });
  EXPECT_TRUE(run(acquire, [&] { return !fs::exists(into + "/" + older_.name); }))
      << "the older release was left behind";
  EXPECT_TRUE(fs::exists(into + "/" + newer_.name));
}

TEST_F(AcquireSettles, AndKeepsWhatLayThereBefore) {
  const auto into = folder("into");
  fs::copy(older_.folder, into + "/" + older_.name, fs::copy_options::recursive);
  Acquire acquire(*client_.session, *clock_, options(into));
  expect_the_newer(acquire, [&] { return acquire.stage() == Stage::kVerify; });
  EXPECT_EQ(read(into + "/" + older_.name + "/kernel"), read(older_.folder + "/kernel"));
}

TEST_F(AcquireSettles, OnTheNewerWhereTheOlderIsRefused) {
  auto with_admit = options(folder("into"));
  bool refused = false;
  with_admit.admit = [&](const VerifiedManifest& verified) -> Result<void> {
    if (verified.manifest.release_version != 1) return {};
    refused = true;
    return {ErrorCode::kMemory, "too little memory for version 1"};
  };
  Acquire acquire(*client_.session, *clock_, std::move(with_admit));
  expect_the_newer(acquire, [&] { return refused; });
  EXPECT_EQ(acquire.report().refusals, std::vector<std::string>{"too little memory for version 1"});
}

// Once the time is over the release is fetched to its end, and the pointer handed on is its own.
TEST_F(AcquireSettles, OnceAndForAll) {
  auto quick = options(folder("into"));
  quick.settle = milliseconds(100);
  Acquire acquire(*client_.session, *clock_, std::move(quick));
  acquire.start();
  ASSERT_TRUE(run(acquire, [&] { return acquire.progress().done > 200'000; }));
  // An answer of a lookup that still stands. From the DHT it might come after the lookups have ended.
  const auto* first = client_.find<dht::ItemFound>();
  ASSERT_NE(first, nullptr);
  acquire.handle(dht::ItemFound{first->lookup, newer_.pointer[0]});
  EXPECT_EQ(acquire.stage(), Stage::kArtifacts);
  ASSERT_TRUE(run(acquire, [&] { return acquire.acquired() || acquire.error(); }));
  ASSERT_FALSE(acquire.error().has_value()) << acquire.error()->detail;
  EXPECT_EQ(acquire.acquired()->manifest.manifest.release_version, 1u);
  ASSERT_FALSE(acquire.acquired()->pointer.empty());
  for (const SignedItem& item : acquire.acquired()->pointer) {
    EXPECT_EQ(item.seq, older_.pointer[0].seq);
  }
}

TEST_F(AcquireSettles, OnTheRefusalWhereNothingBetterComes) {
  auto with_admit = options(folder("into"));
  with_admit.settle = milliseconds(500);
  with_admit.admit = [](const VerifiedManifest&) -> Result<void> {
    return {ErrorCode::kMemory, "too little memory"};
  };
  Acquire acquire(*client_.session, *clock_, std::move(with_admit));
  acquire.start();
  ASSERT_TRUE(run(acquire, [&] { return acquire.error().has_value(); }));
  EXPECT_EQ(acquire.error()->code, ErrorCode::kMemory);
  EXPECT_TRUE(acquire.report().refusals.empty());
}

}  // namespace
}  // namespace phase::boot
