// Goal: every proof that docs/THREAT-MODEL.md, docs/TRUST.md and docs/HOSTILE.md name is a test that
// exists and runs. Method: read `Suite.Name` in their text, and every TEST of the tree.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::set<std::string> tests_of_the_tree() {
  static const std::regex kTest(R"re(TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\))re");
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(PHASE_SOURCE_DIR) / "tests")) {
    if (entry.path().extension() != ".cc") continue;
    const std::string text = content_of(entry.path());
    for (std::sregex_iterator at(text.begin(), text.end(), kTest), end; at != end; ++at) {
      names.insert((*at)[1].str() + "." + (*at)[2].str());
    }
  }
  return names;
}

std::set<std::string> named_in(const std::string& page) {
  static const std::regex kName(R"re(`([A-Z]\w+\.(?:[A-Z]\w+)?(?:…|\*)?)`)re");
  const std::string text = content_of(fs::path(PHASE_SOURCE_DIR) / "docs" / page);
  std::set<std::string> names;
  for (std::sregex_iterator at(text.begin(), text.end(), kName), end; at != end; ++at) {
    names.insert((*at)[1].str());
  }
  return names;
}

/// "Suite.Name"; "Suite.Begin…" and "Suite.*" stand for those that begin so.
bool is_test(const std::set<std::string>& tests, std::string name) {
  for (const std::string ending : {"…", "*"}) {
    if (!name.ends_with(ending)) continue;
    name.resize(name.size() - ending.size());
    const auto first = tests.lower_bound(name);
    return first != tests.end() && first->starts_with(name);
  }
  return tests.contains(name);
}

TEST(ThreatModel, NamesTestsThatExist) {
  const auto tests = tests_of_the_tree();
  for (const char* page : {"THREAT-MODEL.md", "TRUST.md", "HOSTILE.md"}) {
    const auto named = named_in(page);
    EXPECT_FALSE(named.empty()) << page << " names no test";
    for (const std::string& name : named) {
      EXPECT_TRUE(is_test(tests, name)) << page << " names " << name << ", which is no test";
    }
  }
}

// A threat without a proof is a claim.
TEST(ThreatModel, ProvesEveryThreatThatItSaysIsStopped) {
  const std::string text = content_of(fs::path(PHASE_SOURCE_DIR) / "docs" / "THREAT-MODEL.md");
  static const std::regex kRow(R"re((?:^|\n)\| ([^|\n]+) \| ([^|\n]+) \| ([^|\n]+) \|)re");
  std::size_t rows = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), kRow), end; at != end; ++at) {
    if ((*at)[1].str() == "threat") continue;
    ++rows;
    EXPECT_NE((*at)[3].str().find('`'), std::string::npos) << (*at)[1].str();
  }
  EXPECT_GT(rows, 25u) << "the tables were not read";
}

}  // namespace
