#include "node/store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "release_fixture.h"

namespace phase::node::test {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  TempFolder folder_;
  std::string path_ = folder_.path() + "/store";
  Publisher publisher_{folder_.path()};
  std::unique_ptr<Store> store_ = open_store(path_);

  StoredRelease publish() {
    auto made = publisher_.publish(*store_);
    check(made.ok(), "a good release can be published");
    return std::move(*made);
  }
  /// What a fetch would leave in incoming/ of another store.
  IncomingRelease fetched(Store& into, const StoredRelease& release) {
    const auto folder = into.incoming() + "/" + release.name;
    check(real_files().remove_tree(folder).ok() && real_files().make_folder(folder).ok(), "folder");
    for (const auto& file : release.info.files)
      check(real_files().copy_file(release.folder + "/" + file.path, folder + "/" + file.path).ok(),
            "copy");
    return {.publisher = release.publisher,
            .folder = folder,
            .torrent = release.torrent,
            .pointer = release.pointer};
  }
};

TEST_F(StoreTest, ShowsWhatWasPublishedToAnotherProcess) {
  const auto made = publish();
  const auto other = open_store(path_);
  ASSERT_EQ(other->releases().size(), 1u);
  EXPECT_EQ(other->releases()[0].name, made.name);
  EXPECT_EQ(other->releases()[0].manifest.release_version, 1u);
  EXPECT_EQ(other->releases()[0].parent, path_ + "/releases");
  EXPECT_TRUE(other->left_out().empty());
}

TEST_F(StoreTest, ReloadSaysWhetherSomethingChanged) {
  const auto other = open_store(path_);
  EXPECT_FALSE(*other->reload());
  publish();
  EXPECT_TRUE(*other->reload());
  EXPECT_FALSE(*other->reload());
  EXPECT_EQ(other->releases().size(), 1u);
}

TEST_F(StoreTest, KeepsThePreviousReleaseAndNoOlderOne) {
  const auto first = publish();
  const auto second = publish();
  const auto third = publish();
  ASSERT_EQ(store_->releases().size(), 2u);
  EXPECT_EQ(store_->releases()[0].name, third.name);
  EXPECT_TRUE(store_->releases()[0].current);
  EXPECT_EQ(store_->releases()[1].name, second.name);
  EXPECT_FALSE(store_->releases()[1].current);
  EXPECT_FALSE(real_files().info(first.folder));
  EXPECT_FALSE(real_files().info(path_ + "/torrents/" + first.name + ".torrent"));
}

TEST_F(StoreTest, InstallsAFetchedReleaseAndMovesItsFolder) {
  const auto made = publish();
  const auto follower = open_store(folder_.path() + "/follower");
  const auto incoming = fetched(*follower, made);
  ASSERT_TRUE(follower->install(incoming));
  ASSERT_EQ(follower->releases().size(), 1u);
  EXPECT_EQ(follower->releases()[0].manifest_sha256, made.manifest_sha256);
  EXPECT_FALSE(real_files().info(incoming.folder));
}

TEST_F(StoreTest, NeverGoesBackToALowerVersion) {
  const auto first = publish();
  const auto follower = open_store(folder_.path() + "/follower");
  const auto kept = fetched(*follower, first);  // copied before it is superseded
  const auto second = publish();
  const auto newer = fetched(*follower, second);
  ASSERT_TRUE(follower->install(newer));
  const auto refused = follower->install(kept);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRollback);
  EXPECT_EQ(follower->releases()[0].name, second.name);
}

// A stolen or confused publisher signs two releases of one version: the first one stays.
TEST_F(StoreTest, RefusesAnotherReleaseOfTheSameVersion) {
  const auto one = publish();
  const auto other_store = open_store(folder_.path() + "/other");
  auto options = publisher_.options();
  options.cmdline = "console=ttyS1";
  const auto two = node::publish(*other_store, publisher_.clock, options);
  ASSERT_TRUE(two);
  const auto refused = store_->install(fetched(*store_, *two));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRollback);
  EXPECT_EQ(store_->releases()[0].name, one.name);
}

TEST_F(StoreTest, TakesANewerPointerToTheSameReleaseAndNoOlderOne) {
  const auto made = publish();
  auto update = IncomingRelease{.publisher = made.publisher,
                                .folder = made.folder,
                                .torrent = made.torrent,
                                .pointer = made.pointer};
  const auto seq = made.pointer[0].seq;
  for (auto& item : update.pointer)
    item = sign_item(publisher_.key, item.salt, seq + 5, item.value);
  ASSERT_TRUE(store_->install(update));
  EXPECT_EQ(store_->releases()[0].pointer[0].seq, seq + 5);
  EXPECT_EQ(store_->releases().size(), 1u);
  update.pointer = made.pointer;
  const auto refused = store_->install(update);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kRollback);
}

TEST_F(StoreTest, InstallRefusesPartsThatDoNotBelongTogether) {
  const auto made = publish();
  const auto follower = open_store(folder_.path() + "/follower");

  auto wrong_key = fetched(*follower, made);
  wrong_key.publisher = key_from(9).public_key();
  EXPECT_EQ(follower->install(wrong_key).error().code, ErrorCode::kWrongKey);

  auto altered_pointer = fetched(*follower, made);
  altered_pointer.pointer[0].value.back() ^= 1;
  EXPECT_EQ(follower->install(altered_pointer).error().code, ErrorCode::kBadSignature);

  auto altered_manifest = fetched(*follower, made);
  auto envelope = made.envelope;
  envelope.back() ^= 1;
  write(altered_manifest.folder + "/manifest.dsse", envelope);
  const auto refused = follower->install(altered_manifest);
  EXPECT_TRUE(refused.error().code == ErrorCode::kAltered ||
              refused.error().code == ErrorCode::kMalformed);

  const auto short_kernel = fetched(*follower, made);
  write(short_kernel.folder + "/kernel", x86_kernel(1, 19'999));
  EXPECT_EQ(follower->install(short_kernel).error().code, ErrorCode::kSmallerThanSigned);

  const auto long_kernel = fetched(*follower, made);
  write(long_kernel.folder + "/kernel", x86_kernel(1, 20'001));
  EXPECT_EQ(follower->install(long_kernel).error().code, ErrorCode::kLargerThanSigned);

  const auto no_sums = fetched(*follower, made);
  ASSERT_TRUE(real_files().remove_tree(no_sums.folder + "/SHA256SUMS"));
  EXPECT_EQ(follower->install(no_sums).error().code, ErrorCode::kNotFound);

  auto bad_torrent = fetched(*follower, made);
  bad_torrent.torrent.resize(bad_torrent.torrent.size() / 2);
  EXPECT_EQ(follower->install(bad_torrent).error().code, ErrorCode::kMalformed);

  EXPECT_TRUE(follower->releases().empty());
}

TEST_F(StoreTest, LeavesADamagedReleaseOutSaysWhyAndKeepsItsVersionAsTheFloor) {
  const auto made = publish();
  write(made.folder + "/kernel", Bytes(100, 1));
  ASSERT_TRUE(store_->reload());
  EXPECT_TRUE(store_->releases().empty());
  ASSERT_EQ(store_->left_out().size(), 1u);
  EXPECT_NE(store_->left_out()[0].find("kernel has 100 bytes, 20000 are signed"), std::string::npos)
      << store_->left_out()[0];
  EXPECT_EQ(publish().manifest.release_version, 2u);
}

TEST_F(StoreTest, ADamagedReleaseIsMendedByFetchingItAgain) {
  const auto made = publish();
  const auto follower = open_store(folder_.path() + "/follower");
  ASSERT_TRUE(follower->install(fetched(*follower, made)));
  write(follower->releases()[0].folder + "/kernel", Bytes(100, 1));
  ASSERT_TRUE(follower->reload());
  ASSERT_TRUE(follower->releases().empty());
  ASSERT_TRUE(follower->install(fetched(*follower, made)));
  EXPECT_EQ(follower->releases().size(), 1u);
}

TEST_F(StoreTest, LeavesAnAlteredPointerFileOut) {
  const auto made = publish();
  const auto path = path_ + "/pointers/" + made.publisher.hex() + "/stable/x86_64.items";
  auto items = *real_files().read_file(path, 10'000);
  items[items.size() / 2] ^= 1;
  write(path, items);
  ASSERT_TRUE(store_->reload());
  EXPECT_TRUE(store_->releases().empty());
  EXPECT_EQ(store_->left_out().size(), 1u);
  // Nobody knows any more which release it named, so none is removed.
  ASSERT_TRUE(store_->prune());
  EXPECT_TRUE(real_files().info(made.folder));
}

TEST_F(StoreTest, RemovesWhatNobodyPointsTo) {
  const auto made = publish();
  const auto orphan = path_ + "/releases/phase-stable-x86_64-9-00000000";
  ASSERT_TRUE(real_files().make_folder(orphan));
  ASSERT_TRUE(real_files().make_folder(path_ + "/releases/operators-own"));
  EXPECT_EQ(*store_->prune(), (std::vector<std::string>{"phase-stable-x86_64-9-00000000"}));
  EXPECT_FALSE(real_files().info(orphan));
  EXPECT_TRUE(real_files().info(made.folder));
  EXPECT_TRUE(real_files().info(path_ + "/releases/operators-own"));
}

TEST_F(StoreTest, TwoWritersDoNotMeet) {
  const auto other = open_store(path_);
  const auto held = other->lock(false);
  ASSERT_TRUE(held);
  const auto refused = store_->prune();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kStore);
  EXPECT_NE(refused.error().detail.find("another plasmd"), std::string::npos);
}

TEST_F(StoreTest, AStoreThatIsAbsentIsNotMadeByReading) {
  const auto path = folder_.path() + "/absent";
  const auto store = Store::open(real_files(), {.path = path, .create = false});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(real_files().info(path));
}

// Root may write anywhere, so a file in the way stands for a folder that cannot be written.
TEST_F(StoreTest, SaysWhichPathCannotBeWritten) {
  const auto path = folder_.path() + "/file";
  write(path, as_bytes("x"));
  const auto store = Store::open(real_files(), {.path = path, .create = true});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kStore);
  EXPECT_NE(store.error().detail.find(path), std::string::npos);
}

}  // namespace
}  // namespace phase::node::test
