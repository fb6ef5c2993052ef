// Goal: the houses include only what docs/ARCHITECTURE.md allows, and each outside library stays
// in the folder that wraps it, in .cc files. Method: read every #include of the tree.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Include {
  std::string file;  // relative to the tree
  std::string what;
};

const std::vector<std::string> kHouses = {"proto", "dht", "boot", "node", "initramfs", "sim"};

std::vector<Include> includes_of(const std::string& house) {
  static const std::regex kInclude(R"re(^\s*#\s*include\s*[<"]([^>"]+)[>"])re");
  const fs::path root = PHASE_SOURCE_DIR;
  std::vector<Include> found;
  for (const auto& entry : fs::recursive_directory_iterator(root / house)) {
    const std::string extension = entry.path().extension();
    if (extension != ".h" && extension != ".cc") continue;
    std::ifstream lines(entry.path());
    for (std::string line; std::getline(lines, line);) {
      std::smatch match;
      if (std::regex_search(line, match, kInclude)) {
        found.push_back({fs::relative(entry.path(), root).string(), match[1].str()});
      }
    }
  }
  return found;
}

std::string house_of(const std::string& path) {
  const std::string first = path.substr(0, path.find('/'));
  return std::find(kHouses.begin(), kHouses.end(), first) == kHouses.end() ? "" : first;
}

TEST(Includes, KeepToTheTableOfHouses) {
  const std::map<std::string, std::set<std::string>> allowed = {
      {"proto", {"proto"}},
      {"dht", {"dht", "proto"}},
      {"boot", {"boot", "dht", "proto"}},
      {"node", {"node", "boot", "dht", "proto"}},
      {"initramfs", {"initramfs", "proto"}},
      {"sim", {"sim", "proto"}}};
  std::size_t seen = 0;
  for (const auto& [house, may] : allowed) {
    for (const Include& include : includes_of(house)) {
      ++seen;
      const std::string of = house_of(include.what);
      EXPECT_FALSE(include.what.starts_with("tests/")) << include.file;
      if (of.empty()) continue;
      EXPECT_TRUE(may.contains(of)) << include.file << " includes " << include.what;
    }
  }
  EXPECT_GT(seen, 100u) << "the tree was not read";
}

TEST(Includes, OfNodeTakeOnlyTheAcquirePipelineAndTheCacheFromBoot) {
  const std::set<std::string> pipeline = {
      "boot/acquire.h",        "boot/cache/cache.h",   "boot/fetch_text.h",  "boot/http_get.h",    "boot/http_url.h",
      "boot/lan_voice.h",      "boot/mode_policy.h",   "boot/origin.h",       "boot/phase_folder.h",
      "boot/pointer_choice.h", "boot/release_check.h",
      "boot/root_search.h",    "boot/visit.h"};
  for (const Include& include : includes_of("node")) {
    if (house_of(include.what) != "boot") continue;
    EXPECT_TRUE(pipeline.contains(include.what)) << include.file << " includes " << include.what;
  }
}

TEST(Includes, KeepEachLibraryInTheHouseThatWrapsIt) {
  struct Wrapped {
    std::string prefix;
    std::set<std::string> houses;
  };
  const std::vector<Wrapped> rules = {
      {"libtorrent/", {"dht", "sim"}}, {"boost/", {"boot", "node"}}, {"httplib.h", {"node"}},
      {"libfdt.h", {"boot"}},          {"phase.pb.h", {"proto"}},    {"toml++/", {"proto", "node", "sim"}},
      {"archive", {"initramfs"}},      {"avahi-", {"dht"}},          {"systemd/", {"dht"}},
      {"libkmod.h", {"boot"}},         {"seccomp.h", {"proto"}},     {"blkid.h", {"boot"}},
      {"tss2_sys.h", {"boot"}},    {"pugixml.hpp", {"node"}}};
  // Shared by .cc files which wrap the same library, and by nobody else.
  const std::set<std::string> inner = {"boot/http_connect.h"};
  for (const std::string& house : kHouses) {
    for (const Include& include : includes_of(house)) {
      if (inner.contains(include.what)) {
        EXPECT_TRUE(include.file.ends_with(".cc") && house == house_of(include.what))
            << include.file << " includes " << include.what;
      }
      for (const Wrapped& rule : rules) {
        if (!include.what.starts_with(rule.prefix)) continue;
        EXPECT_TRUE(rule.houses.contains(house)) << include.file << " includes " << include.what;
        EXPECT_FALSE(include.file.ends_with(".h") && house != "dht" &&
                     !inner.contains(include.file))
            << include.what << " in the header " << include.file;
      }
    }
  }
}

}  // namespace
