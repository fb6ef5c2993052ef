#include "node/catalogue.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>

#include "release_fixture.h"

namespace phase::node::test {
namespace {

class CatalogueTest : public ::testing::Test {
 protected:
  TempFolder folder_;
  Publisher publisher_{folder_.path()};
  std::unique_ptr<Store> store_ = open_store(folder_.path() + "/store");
};

TEST_F(CatalogueTest, HoldsEveryPathOfARelease) {
  const auto made = publisher_.publish(*store_);
  ASSERT_TRUE(made);
  std::vector<std::string> left_out;
  const auto catalogue = build_catalogue(store_->releases(), &left_out);
  EXPECT_TRUE(left_out.empty());
  for (const std::string arch : {"x86_64", "amd64"}) {
    for (const std::string name : {"kernel", "initramfs", "manifest.dsse", "manifest.json",
                                   "release.torrent", "SHA256SUMS", "SHA256SUMS.minisig"})
      EXPECT_TRUE(catalogue.find("/stable/" + arch + "/" + name)) << arch << name;
    EXPECT_TRUE(catalogue.find("/pointer/" + made->publisher.hex() + "/stable/" + arch));
  }
  for (const auto& file : made->info.files)
    EXPECT_TRUE(catalogue.find("/release/" + made->name + "/" + file.path)) << file.path;
  EXPECT_TRUE(catalogue.find("/manifest.json"));
  EXPECT_TRUE(catalogue.find("/healthz"));
  EXPECT_FALSE(catalogue.find("/stable/x86_64/"));
  EXPECT_FALSE(catalogue.find("/stable/x86_64/rootfs"));
  const auto kernel = catalogue.find("/stable/amd64/kernel");
  EXPECT_EQ(kernel->etag, to_hex(made->manifest.find(Role::kKernel)->sha256));
  EXPECT_EQ(kernel->size, 20'000u);
  EXPECT_EQ(kernel->caching, Caching::kRevalidate);
  EXPECT_EQ(catalogue.find("/release/" + made->name + "/kernel")->caching, Caching::kImmutable);
}

TEST_F(CatalogueTest, HasZerosForThePaddingOfTheTorrent) {
  const auto made = publisher_.publish(*store_);
  ASSERT_TRUE(made);
  const auto catalogue = build_catalogue(store_->releases(), nullptr);
  const auto size = made->info.piece_length - 20'000;
  const auto pad = catalogue.find("/release/" + made->name + "/.pad/" + std::to_string(size));
  ASSERT_TRUE(pad);
  EXPECT_EQ(pad->size, size);
  ASSERT_TRUE(pad->memory);
  EXPECT_GE(pad->memory->size(), size);
  EXPECT_TRUE(std::all_of(pad->memory->begin(), pad->memory->end(), [](auto b) { return b == 0; }));
}

TEST_F(CatalogueTest, ThePreviousReleaseIsAtItsOwnPathOnly) {
  const auto first = publisher_.publish(*store_);
  const auto second = publisher_.publish(*store_);
  ASSERT_TRUE(first && second);
  const auto catalogue = build_catalogue(store_->releases(), nullptr);
  EXPECT_TRUE(catalogue.find("/release/" + first->name + "/kernel"));
  EXPECT_TRUE(catalogue.find("/release/" + second->name + "/kernel"));
  EXPECT_EQ(catalogue.find("/stable/x86_64/manifest.dsse")->etag, to_hex(second->manifest_sha256));
  EXPECT_TRUE(catalogue.find("/manifest.json"));
}

TEST_F(CatalogueTest, TwoPublishersOfOneChannelKeepTheirOwnPaths) {
  const auto one = publisher_.publish(*store_);
  const auto key = key_from(2);
  auto options = publisher_.options();
  options.keys = {&key};
  const auto two = publish(*store_, publisher_.clock, options);
  ASSERT_TRUE(one && two);
  std::vector<std::string> left_out;
  const auto catalogue = build_catalogue(store_->releases(), &left_out);
  EXPECT_EQ(left_out.size(), 1u);
  EXPECT_EQ(catalogue.find("/stable/x86_64/manifest.dsse")->etag,
            to_hex(store_->releases()[0].manifest_sha256));
  for (const auto& release : {*one, *two}) {
    EXPECT_TRUE(catalogue.find("/pointer/" + release.publisher.hex() + "/stable/x86_64"));
    EXPECT_TRUE(catalogue.find("/release/" + release.name + "/manifest.dsse"));
  }
  EXPECT_FALSE(catalogue.find("/manifest.json"));
}

TEST_F(CatalogueTest, WhatIsServedOutlivesItsRemoval) {
  const auto made = publisher_.publish(*store_);
  ASSERT_TRUE(made);
  const auto entry = build_catalogue(store_->releases(), nullptr).find("/stable/x86_64/kernel");
  ASSERT_TRUE(real_files().remove_tree(made->folder));
  const auto digest = digest_file(entry->file->fd(), entry->size);
  ASSERT_TRUE(digest);
  EXPECT_EQ(to_hex(digest->sha256), entry->etag);
}

TEST_F(CatalogueTest, FollowsNoLinkAndNamesWhatItLeavesOut) {
  const auto made = publisher_.publish(*store_);
  ASSERT_TRUE(made);
  const auto releases = store_->releases();
  ASSERT_TRUE(real_files().rename(made->folder + "/kernel", made->folder + "/elsewhere"));
  ASSERT_EQ(::symlink("elsewhere", (made->folder + "/kernel").c_str()), 0);
  std::vector<std::string> left_out;
  const auto catalogue = build_catalogue(releases, &left_out);
  EXPECT_FALSE(catalogue.find("/stable/x86_64/kernel"));
  ASSERT_EQ(left_out.size(), 1u);
  EXPECT_NE(left_out[0].find("/kernel"), std::string::npos);
}

}  // namespace
}  // namespace phase::node::test
