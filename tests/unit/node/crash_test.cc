// Goal: a power cut at any moment leaves the old release or the new one, whole, and the store can
// be used again. Method: publish on a file system that stops at the n-th writing call, for every
// n, and that loses in three ways what was not synced; then open what is left as a new process
// would, hash every file of it, and publish once more.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "fault_files.h"
#include "release_fixture.h"

namespace phase::node::test {
namespace {

using Action = std::function<Result<void>(Store&)>;

/// Every file that the manifest signs is there as signed.
void expect_whole(const StoredRelease& release) {
  for (const auto& artifact : release.manifest.artifacts) {
    const auto digest = digest_file(release.folder + "/" + artifact.name);
    ASSERT_TRUE(digest) << digest.error().detail;
    EXPECT_EQ(digest->sha256, artifact.sha256) << artifact.name;
    EXPECT_EQ(digest->size, artifact.size) << artifact.name;
  }
}

/// The version that the store holds after a crash; 0: none.
std::uint64_t version_after(const std::string& path, const PublicKey& key) {
  const auto store = open_store(path);
  for (const auto& release : store->releases()) expect_whole(release);
  // Only a publishing that never got as far as its pointer may leave nothing behind.
  EXPECT_TRUE(store->left_out().empty()) << store->left_out().front();
  const auto* release = store->find(key, "stable", "x86_64");
  return release == nullptr ? 0 : release->manifest.release_version;
}

struct Outcome {
  std::set<std::uint64_t> versions;
  std::uint64_t calls = 0;
};

/// Runs `action` on copies of the store that `prepare` makes, stopped at call 1, 2, 3, … until it
/// gets through.
Outcome stop_everywhere(Survives survives, const Action& prepare, const Action& action) {
  Outcome outcome;
  for (std::uint64_t n = 1;; ++n) {
    SCOPED_TRACE("stopped at writing call " + std::to_string(n));
    const TempFolder folder;
    const auto path = folder.path() + "/store";
    Publisher after(folder.path());
    {
      const auto store = open_store(path);
      EXPECT_TRUE(prepare(*store));
    }
    FaultFiles files(path, n);
    const auto store = Store::open(files, {.path = path, .create = false});
    const bool through = store && action(**store) && !files.crashed();
    files.power_cut(survives);
    outcome.versions.insert(version_after(path, after.key.public_key()));
    outcome.calls = n;

    // Whatever was left behind does not stand in the way of the next one.
    after.clock.time.seconds += 1000;
    const auto reopened = open_store(path);
    const auto next = after.publish(*reopened);
    EXPECT_TRUE(next) << next.error().detail;
    EXPECT_TRUE(reopened->left_out().empty());
    if (through || ::testing::Test::HasFailure()) return outcome;
  }
}

class Crash : public ::testing::TestWithParam<Survives> {
 protected:
  TempFolder inputs_;
  Publisher publisher_{inputs_.path()};
  Action nothing_ = [](Store&) { return Result<void>(); };
  Action publish_ = [this](Store& store) -> Result<void> {
    publisher_.clock.time.seconds = 1'800'000'000 + static_cast<std::int64_t>(
        10 * (store.releases().empty() ? 0 : store.releases().front().manifest.release_version));
    const auto made = publisher_.publish(store);
    return made ? Result<void>() : Result<void>(made.error());
  };
};

TEST_P(Crash, FirstPublishLeavesNothingOrTheRelease) {
  const auto outcome = stop_everywhere(GetParam(), nothing_, publish_);
  EXPECT_EQ(outcome.versions, (std::set<std::uint64_t>{0, 1}));
  EXPECT_GT(outcome.calls, 30u);
}

TEST_P(Crash, SecondPublishLeavesTheOldOrTheNewRelease) {
  const auto outcome = stop_everywhere(GetParam(), publish_, publish_);
  EXPECT_EQ(outcome.versions, (std::set<std::uint64_t>{1, 2}));
  EXPECT_GT(outcome.calls, 30u);
}

// The third one also removes the first, so it stops inside the removal too.
TEST_P(Crash, ThirdPublishLeavesTheOldOrTheNewRelease) {
  const auto twice = [this](Store& store) {
    auto done = publish_(store);
    return done ? publish_(store) : done;
  };
  const auto outcome = stop_everywhere(GetParam(), twice, publish_);
  EXPECT_EQ(outcome.versions, (std::set<std::uint64_t>{2, 3}));
}

TEST_P(Crash, RenewLeavesTheOldOrTheNewRelease) {
  const auto renew_it = [this](Store& store) -> Result<void> {
    publisher_.clock.time.seconds = 1'800'005'000;
    const auto made = renew(store, publisher_.clock,
                            {.keys = {&publisher_.key}, .channel = std::nullopt, .lifetime = 0});
    return made ? Result<void>() : Result<void>(made.error());
  };
  const auto outcome = stop_everywhere(GetParam(), publish_, renew_it);
  EXPECT_EQ(outcome.versions, (std::set<std::uint64_t>{1, 2}));
}

// What a follower does: a fetched folder, written by somebody else and not synced, is moved in.
TEST_P(Crash, InstallLeavesTheOldOrTheNewRelease) {
  const TempFolder origin;
  const auto source = open_store(origin.path() + "/store");
  ASSERT_TRUE(publish_(*source));
  const auto first = source->releases().front();
  ASSERT_TRUE(publish_(*source));
  const auto second = *source->find(first.publisher, "stable", "x86_64");
  const auto install = [](Store& store, const StoredRelease& release) -> Result<void> {
    const auto folder = store.incoming() + "/" + release.name;
    if (auto made = store.files().make_folder(folder); !made) return made;
    for (const auto& file : release.info.files)
      if (auto done = store.files().copy_file(release.folder + "/" + file.path,
                                              folder + "/" + file.path);
          !done)
        return done;
    return store.install({.publisher = release.publisher,
                          .folder = folder,
                          .torrent = release.torrent,
                          .pointer = release.pointer});
  };
  const auto outcome = stop_everywhere(
      GetParam(), [&](Store& store) { return install(store, first); },
      [&](Store& store) { return install(store, second); });
  EXPECT_EQ(outcome.versions, (std::set<std::uint64_t>{1, 2}));
}

std::string mode_name(const ::testing::TestParamInfo<Survives>& test) {
  switch (test.param) {
    case Survives::kSyncedOnly: return "SyncedOnly";
    case Survives::kNamesOnly: return "NamesOnly";
    case Survives::kEverything: return "Everything";
  }
  return "";
}

INSTANTIATE_TEST_SUITE_P(, Crash,
                         ::testing::Values(Survives::kSyncedOnly, Survives::kNamesOnly,
                                           Survives::kEverything),
                         mode_name);

}  // namespace
}  // namespace phase::node::test
