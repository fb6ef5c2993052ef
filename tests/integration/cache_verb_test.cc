// Goal: an operator makes, looks at, checks and tidies a cache with `plasmd cache`, and is told the
// truth about it. Method: the real program, on releases that were really published.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "boot/cache/cache.h"
#include "tests/unit/node/release_fixture.h"
#include "tests/unit/proto/support.h"

namespace phase::node::test {
namespace {

namespace fs = std::filesystem;
using phase::test::Ran;
using testing::HasSubstr;

struct CacheVerb : ::testing::Test {
  CacheVerb() { fs::create_directory(cache); }

  [[nodiscard]] Ran plasmd(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {PHASE_PLASMD, "cache"});
    return phase::test::run(folder.path(), arguments);
  }
  [[nodiscard]] nlohmann::json json(const std::vector<std::string>& arguments) const {
    const Ran ran = plasmd(arguments);
    EXPECT_EQ(ran.status, 0) << ran.output;
    auto out = nlohmann::json::parse(ran.output, nullptr, false);
    EXPECT_TRUE(out.is_object()) << ran.output;
    return out.is_object() ? out : nlohmann::json::object();
  }
  /// A cache with releases 1 and 2, whose kernel is one file.
  void fill() {
    ASSERT_EQ(plasmd({"init", cache}).status, 0);
    auto opened = boot::Cache::open(cache, boot::CacheUse::kWrite);
    ASSERT_TRUE(opened) << opened.error().detail;
    const auto store = open_store(folder.path() + "/store");
    for (std::int64_t now = 1; now <= 2; ++now) {
      publisher.clock.time.seconds += 10;
      write(publisher.initramfs_file, initramfs(10'000 + static_cast<std::size_t>(now)));
      const auto release = publisher.publish(*store);
      ASSERT_TRUE(release) << release.error().detail;
      const auto added = opened->add({release->folder, release->torrent, release->pointer, {}},
                                     WallTime{now}, {});
      ASSERT_TRUE(added) << added.error().detail;
      newest = *release;
    }
  }
  [[nodiscard]] std::string blob(Role role) const {
    return cache + "/blobs/" + to_hex(newest.manifest.find(role)->sha256);
  }
  static void flip_byte(const std::string& path) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const char old = static_cast<char>(file.get());
    file.seekp(0);
    file.put(static_cast<char>(old ^ 1));
    check(file.good(), "a byte of a test");
  }

  TempFolder folder;
  const std::string cache = folder.path() + "/cache";
  Publisher publisher{folder.path()};
  StoredRelease newest;
};

TEST_F(CacheVerb, InitTakesAnEmptyFolderOnly) {
  const Ran made = plasmd({"init", cache});
  EXPECT_EQ(made.status, 0) << made.output;
  EXPECT_TRUE(fs::exists(cache + "/PHASECACHE"));
  EXPECT_EQ(plasmd({"init", cache}).status, exit_code(ErrorCode::kUsage));
  const Ran foreign = plasmd({"init", folder.path()});
  EXPECT_EQ(foreign.status, exit_code(ErrorCode::kUsage));
  EXPECT_THAT(foreign.output, HasSubstr("is not empty"));
  EXPECT_EQ(plasmd({"init", folder.path() + "/none"}).status, exit_code(ErrorCode::kUsage));
}

TEST_F(CacheVerb, ListShowsWhatIsThere) {
  fill();
  const auto listed = json({"list", cache, "--json"});
  ASSERT_EQ(listed["releases"].size(), 2u) << listed.dump(2);
  const auto& first = listed["releases"][0];
  EXPECT_EQ(first["channel"], "stable");
  EXPECT_EQ(first["arch"], "x86_64");
  EXPECT_EQ(first["version"], 2);
  EXPECT_EQ(first["complete"], true);
  EXPECT_EQ(first["bytes"], newest.manifest.total_bytes());
  EXPECT_EQ(first["manifest_sha256"], to_hex(newest.manifest_sha256));
  EXPECT_GT(listed["limit"], listed["used_bytes"]);
  const Ran text = plasmd({"list", cache});
  EXPECT_THAT(text.output, HasSubstr("stable/x86_64  version 2"));
}

TEST_F(CacheVerb, VerifyFindsAFlippedBitAndGcRemovesIt) {
  fill();
  EXPECT_EQ(json({"verify", cache, "--json"})["faults"].size(), 0u);
  flip_byte(blob(Role::kInitramfs));

  const Ran bad = plasmd({"verify", cache});
  EXPECT_EQ(bad.status, exit_code(ErrorCode::kAltered)) << bad.output;
  EXPECT_THAT(bad.output, HasSubstr("BAD   stable/x86_64 2: initramfs"));
  EXPECT_THAT(bad.output, HasSubstr("plasmd cache gc"));
  EXPECT_TRUE(fs::exists(blob(Role::kInitramfs))) << "verify writes nothing";

  EXPECT_EQ(json({"gc", cache, "--json"})["releases"], 1);
  EXPECT_EQ(plasmd({"verify", cache}).status, 0);
  EXPECT_TRUE(fs::exists(blob(Role::kKernel))) << "release 1 needs it";
}

TEST_F(CacheVerb, GcKeepsToALimit) {
  fill();
  const std::uint64_t before = json({"list", cache, "--json"})["used_bytes"];
  const auto collected = json({"gc", cache, "--limit", "40K", "--json"});
  EXPECT_EQ(collected["releases"], 1) << collected.dump(2);
  EXPECT_LE(collected["used_bytes"], 40u * 1024);
  EXPECT_EQ(collected["used_bytes"].get<std::uint64_t>() +
                collected["freed_bytes"].get<std::uint64_t>(),
            before);
  EXPECT_EQ(json({"list", cache, "--json"})["releases"][0]["version"], 2);
  EXPECT_EQ(plasmd({"gc", cache, "--limit", "much"}).status, exit_code(ErrorCode::kUsage));
}

TEST_F(CacheVerb, NamesWhatIsNoCacheAndWhoElseWrites) {
  const Ran none = plasmd({"list", cache});
  EXPECT_EQ(none.status, exit_code(ErrorCode::kNotFound));
  EXPECT_THAT(none.output, HasSubstr("plasmd cache init"));
  fill();
  const auto writer = boot::Cache::open(cache, boot::CacheUse::kWrite);
  ASSERT_TRUE(writer);
  const Ran busy = plasmd({"gc", cache});
  EXPECT_EQ(busy.status, exit_code(ErrorCode::kStore));
  EXPECT_THAT(busy.output, HasSubstr("another process writes"));
  EXPECT_EQ(plasmd({"list", cache}).status, 0);
  EXPECT_EQ(plasmd({}).status, exit_code(ErrorCode::kUsage));
}

TEST_F(CacheVerb, DoesWhatThePageSays) {
  std::ifstream page(PHASE_SOURCE_DIR "/docs/CACHE.md");
  std::string script = "set -e\nPATH=\"$(dirname '" PHASE_PLASMD "'):$PATH\"\nDIR='" + cache + "'\n";
  bool inside = false;
  std::size_t commands = 0;
  for (std::string line; std::getline(page, line);) {
    if (line == "```sh plasmd") {
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      script += line + "\n";
      ++commands;
    }
  }
  ASSERT_GE(commands, 4u) << "the page has no commands";
  const Ran ran = phase::test::run(folder.path(), {"sh", "-c", script});
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(boot::Cache::open(cache, boot::CacheUse::kRead));
}

}  // namespace
}  // namespace phase::node::test
