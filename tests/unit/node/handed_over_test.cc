// Goal: a node serves what its system was booted by from where it lies, and nothing that was altered
// there. Method: a folder as a boot leaves it, of a real release, and a store that refers to it; then
// every file of it damaged, exchanged or missing.
#include "node/handed_over.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "boot/phase_folder.h"
#include "node/serve_handed.h"
#include "tests/unit/node/release_fixture.h"

namespace phase::node {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

template <class T>
testing::AssertionResult fails_with(const Result<T>& result, ErrorCode code) {
  if (result.ok()) return testing::AssertionFailure() << "it is accepted";
  if (result.error().code == code) return testing::AssertionSuccess();
  return testing::AssertionFailure() << error_name(result.error().code) << ": "
                                     << result.error().detail;
}

class HandedOver : public testing::Test {
 protected:
  HandedOver() {
    auto origin_store = test::open_store(folder_.path() + "/publisher");
    release_ = *publisher_.publish(*origin_store);
    fs::create_directories(phase());
    fs::copy(release_.folder, phase() + "/release", fs::copy_options::recursive);
    write(boot::kTorrentName, release_.torrent);
    write(boot::kPointerName, encode_items(release_.pointer));
    write(boot::kNodesName, as_bytes("10.0.0.1:6881\nnonsense\n[2001:db8::1]:6881\n"));
    write_origin(boot::Mode::kInternet);
  }
  [[nodiscard]] std::string phase() const { return folder_.path() + "/phase"; }
  void write(const std::string& name, ByteView content) {
    test::write(phase() + "/" + name, content);
  }
  void write_origin(boot::Mode mode) {
    write(boot::kBootName, as_bytes(boot::origin_json({.key = publisher_.key.public_key(),
                                                       .channel = release_.channel,
                                                       .arch = release_.arch,
                                                       .mode = mode,
                                                       .bootstrap = {"10.0.0.9:6881"}})));
  }
  Result<IncomingRelease> checked() {
    auto papers = read_handed_papers(phase());
    if (!papers) return papers.error();
    return check_handed_release(*papers, publisher_.clock.wall());
  }
  Result<void> served(bool has_others = false) {
    auto papers = read_handed_papers(phase());
    if (!papers) return papers.error();
    return serve_handed(*papers, has_others, *store_, publisher_.clock.wall(), log_,
                        [this](const std::string& line) { said_ += line + "\n"; });
  }

  test::TempFolder folder_;
  test::Publisher publisher_{folder_.path()};
  StoredRelease release_;
  std::unique_ptr<Store> store_ = test::open_store(folder_.path() + "/store");
  Log log_{publisher_.clock, Level::kError};
  std::string said_;
};

TEST_F(HandedOver, IsServedFromWhereItLies) {
  ASSERT_TRUE(served().ok()) << served().error().detail;
  ASSERT_EQ(store_->releases().size(), 1u);
  const StoredRelease& stored = store_->releases().front();
  EXPECT_EQ(stored.name, release_.name);
  EXPECT_EQ(stored.pointer.size(), release_.pointer.size());
  EXPECT_TRUE(fs::is_symlink(stored.folder)) << "its bytes were copied";
  EXPECT_EQ(fs::canonical(stored.folder), fs::canonical(phase() + "/release"));
  EXPECT_THAT(said_, HasSubstr("handed over channel=stable"));
  // The next start finds it there already.
  ASSERT_TRUE(served().ok());
  EXPECT_EQ(test::open_store(store_->path())->releases().size(), 1u);
}

TEST_F(HandedOver, TheOriginStaysWhenTheStoreMovesOn) {
  ASSERT_TRUE(served().ok());
  auto origin_store = test::open_store(folder_.path() + "/publisher");
  publisher_.clock.time.seconds += 10;
  for (int more = 0; more < 2; ++more) {
    ASSERT_TRUE(publisher_.publish(*origin_store).ok());
    const StoredRelease& next = *origin_store->find(publisher_.key.public_key(), "stable", release_.arch);
    const std::string copy = store_->incoming() + "/next";
    fs::copy(next.folder, copy, fs::copy_options::recursive);
    ASSERT_TRUE(store_->install({next.publisher, copy, next.torrent, next.pointer}).ok());
    ASSERT_TRUE(store_->prune().ok());
    publisher_.clock.time.seconds += 10;
  }
  EXPECT_FALSE(fs::exists(fs::symlink_status(store_->path() + "/releases/" + release_.name)));
  EXPECT_TRUE(fs::exists(phase() + "/release/kernel")) << "what is not the store's was removed";
  // The store holds a newer one: that is no damage.
  EXPECT_TRUE(served().ok());
  EXPECT_EQ(store_->releases().front().manifest.release_version, 3u);
}

TEST_F(HandedOver, IsNoReleaseAnyMoreOnceItsFolderHasGone) {
  ASSERT_TRUE(served().ok());
  fs::remove_all(phase() + "/release");
  const auto store = test::open_store(store_->path());
  EXPECT_TRUE(store->releases().empty());
  EXPECT_EQ(store->left_out().size(), 1u);
  // It comes by the network then, and takes the place of the link.
  const std::string copy = store->incoming() + "/fetched";
  fs::copy(release_.folder, copy, fs::copy_options::recursive);
  ASSERT_TRUE(store->install({release_.publisher, copy, release_.torrent, release_.pointer}).ok());
  EXPECT_FALSE(fs::is_symlink(store->releases().front().folder));
}

TEST_F(HandedOver, PapersSayWhomToFollowAndWhereToBegin) {
  const auto papers = read_handed_papers(phase());
  ASSERT_TRUE(papers.ok()) << papers.error().detail;
  EXPECT_EQ(papers->target.text(),
            publisher_.key.public_key().hex() + "/stable/" + release_.arch);
  ASSERT_EQ(papers->nodes.size(), 2u) << "a line that is no node is passed over";
  EXPECT_EQ(papers->nodes[1].text(), "[2001:db8::1]:6881");
  const auto older = handed_as_older(*papers);
  ASSERT_TRUE(older.has_value());
  EXPECT_EQ(older->folder, phase() + "/release");
  fs::remove_all(phase() + "/release");
  EXPECT_FALSE(handed_as_older(*papers).has_value()) << "there is nothing to reuse";
}

// Each alone: what is served is what was signed, or nothing.
TEST_F(HandedOver, NothingAlteredIsServed) {
  const auto altered = [&](const std::string& name) {
    std::fstream file(phase() + "/" + name, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(phase() + "/" + name) / 2));
    const auto at = file.tellp();
    file.seekg(at);
    const char old = static_cast<char>(file.get());
    file.seekp(at);
    file.put(static_cast<char>(old ^ 1));
  };
  for (const char* name : {"release/kernel", "release/initramfs", "release/manifest.dsse", "pointer",
                           "release.torrent"}) {
    const std::string path = phase() + "/" + name;
    fs::copy_file(path, path + ".good");
    altered(name);
    EXPECT_FALSE(served().ok()) << name;
    EXPECT_TRUE(served(true).ok()) << name << ": a node with others to follow goes on";
    EXPECT_TRUE(store_->releases().empty()) << name;
    fs::rename(path + ".good", path);
  }
  EXPECT_TRUE(fails_with((altered("release/kernel"), checked()), ErrorCode::kAltered));
}

TEST_F(HandedOver, WhatWasLeftOutIsNoDamage) {
  for (const char* name : {"release", "pointer", "release.torrent"}) {
    fs::rename(phase() + "/" + name, folder_.path() + "/away");
    EXPECT_TRUE(fails_with(checked(), ErrorCode::kNotFound)) << name;
    EXPECT_TRUE(served().ok()) << name;
    EXPECT_TRUE(store_->releases().empty()) << name;
    fs::rename(folder_.path() + "/away", phase() + "/" + name);
  }
  fs::remove(phase() + "/release/initramfs");
  EXPECT_TRUE(fails_with(checked(), ErrorCode::kNotFound));
}

TEST_F(HandedOver, ASizeThatIsNotTheSignedOneIsNamed) {
  fs::resize_file(phase() + "/release/initramfs", 100);
  EXPECT_TRUE(fails_with(checked(), ErrorCode::kSmallerThanSigned));
  EXPECT_FALSE(served().ok());
}

TEST_F(HandedOver, AnotherKeyDecidesNothing) {
  const SecretKey other = test::key_from(99);
  write(boot::kBootName, as_bytes(boot::origin_json({.key = other.public_key(),
                                                     .channel = "stable",
                                                     .arch = release_.arch,
                                                     .mode = boot::Mode::kInternet,
                                                     .bootstrap = {}})));
  EXPECT_TRUE(fails_with(checked(), ErrorCode::kWrongKey));
  EXPECT_TRUE(fails_with(served(), ErrorCode::kWrongKey));
}

TEST_F(HandedOver, AnotherKeysPointerIsNone) {
  std::vector<SignedItem> forged;
  for (const SignedItem& item : release_.pointer) {
    forged.push_back(sign_item(test::key_from(99), item.salt, item.seq, item.value));
  }
  write(boot::kPointerName, encode_items(forged));
  EXPECT_TRUE(fails_with(checked(), ErrorCode::kWrongKey));
}

TEST_F(HandedOver, AnExpiredReleaseIsNotServed) {
  publisher_.clock.time.seconds += std::int64_t{10} * 365 * 86'400;
  EXPECT_TRUE(fails_with(served(), ErrorCode::kExpired));
}

TEST_F(HandedOver, DamagedPapersAreErrors) {
  EXPECT_TRUE(fails_with(read_handed_papers(folder_.path() + "/nowhere"), ErrorCode::kNotFound));
  write(boot::kTrustName, as_bytes("root = \"!\"\n"));
  EXPECT_FALSE(read_handed_papers(phase()).ok()) << "a damaged root is not the same as none";
  fs::remove(phase() + "/" + std::string(boot::kTrustName));
  write(boot::kBootName, as_bytes("{}"));
  EXPECT_TRUE(fails_with(read_handed_papers(phase()), ErrorCode::kMalformed));
  write(boot::kBootName, Bytes(boot::kMaxOriginBytes + 1, '{'));
  EXPECT_TRUE(fails_with(read_handed_papers(phase()), ErrorCode::kMalformed));
  NetworkArguments network;
  EXPECT_TRUE(fails_with(take_papers(phase(), true, network, log_), ErrorCode::kMalformed))
      << "it could have been a boot in mode private";
}

TEST_F(HandedOver, ABootInModePrivateServesNothing) {
  write_origin(boot::Mode::kPrivate);
  NetworkArguments network;
  const auto taken = take_papers(phase(), true, network, log_);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code, ErrorCode::kConfig);
  EXPECT_THAT(taken.error().detail, HasSubstr("private"));
}

TEST_F(HandedOver, TheModeOfTheBootIsKept) {
  write_origin(boot::Mode::kLocal);
  NetworkArguments network;
  const auto taken = take_papers(phase(), false, network, log_);
  ASSERT_TRUE(taken.ok() && taken->has_value());
  EXPECT_EQ(network.mode, "local");
  EXPECT_EQ(network.bootstrap, std::vector<std::string>{"10.0.0.9:6881"});
  ServeOptions options;
  go_by_papers(**taken, options);
  go_by_papers(**taken, options);
  EXPECT_EQ(options.follow.size(), 1u);
}

TEST_F(HandedOver, WithoutAnyANodeThatFollowsOthersGoesOn) {
  NetworkArguments network;
  const auto none = take_papers(folder_.path() + "/nowhere", true, network, log_);
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->has_value());
  EXPECT_TRUE(fails_with(take_papers(folder_.path() + "/nowhere", false, network, log_), ErrorCode::kNotFound));
}

}  // namespace
}  // namespace phase::node
