#include "sim/hostile/http_store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/node/release_fixture.h"
#include "tests/unit/sim/hostile/hearing.h"

namespace phase::sim {
namespace {

using node::test::write;

class HttpStoreTest : public testing::Test {
 protected:
  HttpStoreTest() {
    for (const char* name : {"old", "older", "new"}) {
      write(path(name) + ".items", as_bytes(std::string("pointer of ") + name));
      write(path(name) + ".torrent", as_bytes(std::string("torrent of ") + name));
      const std::string release = folder_.path() + "/releases/" + name;
      std::filesystem::create_directories(release);
      write(release + "/kernel", as_bytes(std::string("kernel of ") + name));
    }
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return folder_.path() + "/" + name;
  }
  [[nodiscard]] ReleaseFiles files(const std::string& name) const {
    return {path(name) + ".items", path(name) + ".torrent"};
  }
  [[nodiscard]] HttpStore store() const {
    return {files("new"), {files("older"), files("old")}, folder_.path() + "/releases"};
  }
  /// The body of what is shown in the newest's place; "-" where the request gets the truth.
  [[nodiscard]] std::string replayed(const std::string& manner, const std::string& what) const {
    const auto answer = store().replay({.manner = manner, .path = what});
    return answer ? answer->body : "-";
  }

  const std::string kPointer = "/pointer/0123/stable/x86_64";
  const std::string kTorrent = "/stable/x86_64/release.torrent";
  const std::string kKernel = "/release/new/kernel";
  node::test::TempFolder folder_;
};

TEST_F(HttpStoreTest, TheTruthIsTheNewest) {
  EXPECT_EQ(store().truth({.path = kPointer}).body, "pointer of new");
  EXPECT_EQ(store().truth({.path = kTorrent}).body, "torrent of new");
  EXPECT_EQ(store().truth({.path = kKernel}).body, "kernel of new");
  EXPECT_EQ(store().truth({.path = "/release/new/../../old.items"}).body, "");
  EXPECT_EQ(store().truth({.path = "/healthz"}).body, "");
}

TEST_F(HttpStoreTest, EachMannerShowsItsPartOfEachOlderRelease) {
  EXPECT_EQ(replayed("replay-1", kPointer), "pointer of older");
  EXPECT_EQ(replayed("replay-2", kPointer), "pointer of old");
  EXPECT_EQ(replayed("replay-2", kTorrent), "torrent of old");
  EXPECT_EQ(replayed("replay-2", "/release/old/kernel"), "kernel of old");

  EXPECT_EQ(replayed("mix-1", kPointer), "-");
  EXPECT_EQ(replayed("mix-1", kTorrent), "torrent of older");
  EXPECT_EQ(replayed("mix-1", kKernel), "-");

  EXPECT_EQ(replayed("swap-2", kPointer), "-");
  EXPECT_EQ(replayed("swap-2", kTorrent), "-");
  EXPECT_EQ(replayed("swap-2", kKernel), "kernel of old");
}

TEST_F(HttpStoreTest, NothingElseIsReplayed) {
  for (const char* manner : {"replay-0", "replay-3", "replay-", "replay", "replay-1x", "replay--1",
                             "replay-99999999999999999999999", "status-1", "truth", ""}) {
    EXPECT_EQ(replayed(manner, kPointer), "-") << manner;
    EXPECT_EQ(replayed(manner, kKernel), "-") << manner;
  }
  EXPECT_EQ(replayed("replay-1", "/healthz"), "-");
  EXPECT_EQ(replayed("swap-1", "/release/new"), "-");
}

TEST_F(HttpStoreTest, ARangeIsOfWhatIsShown) {
  const auto part =
      store().replay({.manner = "swap-1", .path = kKernel, .from = 10, .to = 99, .ranged = true});
  ASSERT_TRUE(part.has_value());
  EXPECT_EQ(part->status, "206 Partial Content");
  EXPECT_EQ(part->range, "bytes 10-14/15");
  EXPECT_EQ(part->body, "older");
  // From behind the end on there is none.
  EXPECT_EQ(store().truth({.path = kKernel, .from = 13, .ranged = true}).status, "200 OK");
}

TEST(HttpRequest, IsReadAsFarAsItIsNeeded) {
  HttpRequest request;
  (void)test::hear(
      [&](const Victim& victim) { EXPECT_TRUE(read_request(victim, request)); },
      "GET /swap-1/release/new/kernel HTTP/1.1\r\nHost: x\r\nRange: bytes=5-9\r\n\r\n");
  EXPECT_EQ(request.manner, "swap-1");
  EXPECT_EQ(request.path, "/release/new/kernel");
  EXPECT_TRUE(request.ranged);
  EXPECT_EQ(request.from, 5U);
  EXPECT_EQ(request.to, 9U);

  HttpRequest whole;
  (void)test::hear([&](const Victim& victim) { EXPECT_TRUE(read_request(victim, whole)); },
                   "GET /truth HTTP/1.1\r\n\r\n");
  EXPECT_EQ(whole.manner, "truth");
  EXPECT_EQ(whole.path, "");
  EXPECT_FALSE(whole.ranged);

  (void)test::hear([&](const Victim& victim) { EXPECT_FALSE(read_request(victim, whole)); },
                   "no request\r\n\r\n");
}

}  // namespace
}  // namespace phase::sim
