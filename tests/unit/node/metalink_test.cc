// Goal: the Metalink document says of each file what is served, names nothing that a request said,
// and its piece hashes are of the bytes themselves. Method: a real release, read back by pugixml.
#include "node/metalink.h"

#include <gmock/gmock.h>

#include <pugixml.hpp>

#include "release_fixture.h"

namespace phase::node::test {
namespace {

constexpr std::size_t kInitramfs = 300'000;

class Metalink : public ::testing::Test {
 protected:
  Metalink() : publisher_(folder_.path()), store_(open_store(folder_.path() + "/store")) {}
  /// The document of a release that `options` makes.
  pugi::xml_node document(PublishOptions options, const std::vector<std::string>& mirrors = {}) {
    write(publisher_.initramfs_file, initramfs(kInitramfs));
    auto made = publish(*store_, publisher_.clock, options);
    EXPECT_TRUE(made) << made.error().detail;
    release_ = std::make_unique<StoredRelease>(*made);
    const auto catalogue = build_catalogue(store_->releases(), nullptr);
    EXPECT_TRUE(document_.load_string(metalink_of(*release_, catalogue, mirrors).c_str()));
    return document_.child("metalink");
  }
  pugi::xml_node file(const pugi::xml_node& metalink, const std::string& name) {
    return metalink.find_child_by_attribute("file", "name", (release_->name + "/" + name).c_str());
  }
  static std::vector<std::string> urls(const pugi::xml_node& file) {
    std::vector<std::string> all;
    for (const auto& url : file.children("url")) all.emplace_back(url.text().get());
    return all;
  }

  TempFolder folder_;
  Publisher publisher_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<StoredRelease> release_;
  pugi::xml_document document_;
};

TEST_F(Metalink, HasSizeAndHashesOfEveryFile) {
  const auto metalink = document(publisher_.options());
  EXPECT_STREQ(metalink.attribute("xmlns").value(), "urn:ietf:params:xml:ns:metalink");
  for (const auto& stored : release_->info.files) {
    const auto entry = file(metalink, stored.path);
    ASSERT_TRUE(entry) << stored.path;
    const auto digest = digest_file(release_->folder + "/" + stored.path);
    ASSERT_TRUE(digest);
    EXPECT_EQ(entry.child("size").text().as_ullong(), stored.size);
    EXPECT_EQ(entry.child("hash").text().get(), to_hex(digest->sha256)) << stored.path;
    EXPECT_STREQ(entry.child("hash").attribute("type").value(), "sha-256");
  }
}

TEST_F(Metalink, PieceHashesAreOfTheFileWithoutTheTorrentsPadding) {
  const auto metalink = document(publisher_.options());
  const auto pieces = file(metalink, "initramfs").child("pieces");
  const auto length = pieces.attribute("length").as_uint();
  ASSERT_EQ(length, release_->info.piece_length);
  const auto content = real_files().read_file(release_->folder + "/initramfs", kInitramfs * 2);
  ASSERT_TRUE(content);
  ASSERT_NE(content->size() % length, 0U) << "the last piece is to be a short one";
  std::size_t at = 0;
  for (const auto& hash : pieces.children("hash")) {
    const auto size = std::min<std::size_t>(length, content->size() - at);
    EXPECT_EQ(hash.text().get(), to_hex(sha1(ByteView(*content).subspan(at, size)))) << at;
    at += size;
  }
  EXPECT_EQ(at, content->size());
  EXPECT_FALSE(file(metalink, "SHA256SUMS").child("pieces")) << "one piece is the file";
}

TEST_F(Metalink, NamesThisProviderItsHintsAndMirrorsOnce) {
  auto options = publisher_.options();
  options.providers = {{*parse_endpoint("192.0.2.7:6881"), 8080},
                       {*parse_endpoint("192.0.2.8:6881"), 0},
                       {*parse_endpoint("[2001:db8::7]:6881"), 80}};
  const auto metalink = document(options, {"http://mirror.example/boot/", "http://192.0.2.7:8080"});
  const std::string path = "/release/" + release_->name + "/kernel";
  EXPECT_THAT(
      urls(file(metalink, "kernel")),
      testing::ElementsAre(path, "http://192.0.2.7:8080" + path, "http://[2001:db8::7]:80" + path,
                           "http://mirror.example/boot" + path));
}

TEST_F(Metalink, EscapesWhatAnAddressMayHold) {
  const auto metalink = document(publisher_.options(), {"http://mirror.example/a&b<c\">"});
  EXPECT_THAT(
      urls(file(metalink, "kernel")),
      testing::Contains("http://mirror.example/a&b<c\">/release/" + release_->name + "/kernel"));
}

TEST_F(Metalink, LeavesPieceHashesOutWhereTheFileIsNotTheTorrents) {
  (void)document(publisher_.options());
  auto altered = initramfs(kInitramfs);
  altered.back() ^= 1;
  write(release_->folder + "/initramfs", altered);
  const auto catalogue = build_catalogue(store_->releases(), nullptr);
  ASSERT_TRUE(document_.load_string(metalink_of(*release_, catalogue, {}).c_str()));
  EXPECT_FALSE(file(document_.child("metalink"), "initramfs").child("pieces"));
}

TEST_F(Metalink, IsServedOfCurrentReleasesOnly) {
  (void)document(publisher_.options());
  auto catalogue = build_catalogue(store_->releases(), nullptr);
  add_metalinks(catalogue, store_->releases(),
                [](const StoredRelease&) { return std::vector<std::string>(); });
  const auto entry = catalogue.find("/stable/amd64/release.meta4");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->content_type, kMetalinkType);
  EXPECT_EQ(entry->caching, Caching::kRevalidate);
  EXPECT_TRUE(catalogue.find("/stable/x86_64/release.meta4"));
}

}  // namespace
}  // namespace phase::node::test
