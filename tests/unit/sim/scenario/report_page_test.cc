// Goal: the page says what was found, fetches nothing and runs nothing, whatever hosts and files said.
// Method: pages of a sample run, and of one in which every text is hostile.
#include "sim/scenario/report_page.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "sim/scenario/page_parts.h"
#include "tests/unit/sim/scenario/sample_run.h"

namespace phase::sim {
namespace {

constexpr const char* kEvil =
    "\"'><script>alert(1)</script><img src=http://evil.example/x onerror=y>&lt;\xe2\x80\xae\xff]]>-->";

/// Every text of the record is kEvil.
RunRecord hostile() {
  RunRecord out = sample_run(3);
  const auto rename = [](auto& by_name) {
    auto values = std::move(by_name);
    by_name.clear();
    int n = 0;
    for (auto& [name, value] : values) by_name[kEvil + std::to_string(n++)] = std::move(value);
  };
  out.scenario = out.title = out.story = out.replay = out.begun = out.error = kEvil;
  for (auto& lan : out.lans) lan.name = kEvil;
  int n = 0;
  for (auto& host : out.hosts) {
    host.name = host.group = kEvil + std::to_string(n++);
    host.address = host.lan = kEvil;
  }
  for (auto& action : out.actions) {
    action.name = action.detail = kEvil;
    action.targets = {kEvil, kEvil};
  }
  for (auto& [host, stages] : out.stages) {
    for (auto& stage : stages) stage.name = kEvil;
  }
  for (auto& boot : out.boots) {
    boot.host = boot.error = kEvil;
    boot.refusals = {kEvil};
    for (auto& source : boot.sources) source.host = source.how = kEvil;
  }
  for (auto& version : out.versions) version.host = kEvil;
  for (auto& bytes : out.bytes) rename(bytes.sent_by);
  for (auto& verdict : out.verdicts) verdict.expectation = verdict.found = kEvil;
  rename(out.stages);
  rename(out.interface_sent);
  rename(out.interface_received);
  rename(out.uplinks);
  rename(out.attacks);
  return out;
}

/// Names of the page's elements.
std::set<std::string> elements(const std::string& page) {
  static const std::regex kTag("<([a-zA-Z!][a-zA-Z0-9]*)");
  std::set<std::string> out;
  for (std::sregex_iterator at(page.begin(), page.end(), kTag), end; at != end; ++at) out.insert((*at)[1]);
  return out;
}

/// What stands within elements' angle brackets, outside of quotes, as well as within.
std::string tags(const std::string& page) {
  std::string out;
  bool inside = false;
  for (const char c : page) {
    inside = c == '<' || (inside && c != '>');
    if (inside) out += c;
  }
  return out;
}

std::size_t count(const std::string& page, const std::string& what) {
  std::size_t out = 0;
  for (auto at = page.find(what); at != std::string::npos; at = page.find(what, at + 1)) ++out;
  return out;
}

TEST(ReportPage, HostileTextsStayTexts) {
  const std::string page = report_page(hostile());
  EXPECT_GT(count(page, "&quot;&#39;&gt;&lt;script&gt;"), 20u) << "the texts are not there";
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find("'><"), std::string::npos);
  EXPECT_EQ(page.find('\xff'), std::string::npos);
  EXPECT_EQ(page.find("\xe2\x80\xae"), std::string::npos) << "turns the direction of writing";
  const auto allowed = elements(report_page(sample_run(100)));
  for (const auto& name : elements(page)) EXPECT_TRUE(allowed.contains(name)) << "an element <" << name;
}

TEST(ReportPage, NothingIsFetchedAndNothingRuns) {
  for (const RunRecord& record : {sample_run(3), sample_run(100), hostile(), RunRecord()}) {
    const std::string page = report_page(record);
    const std::string in_tags = tags(page);
    for (const char* name : {"script", "iframe", "object", "embed", "form", "base", "image", "use", "foreignObject"}) {
      EXPECT_FALSE(elements(page).contains(name)) << name;
    }
    // No text of the sample or of kEvil has these.
    for (const char* word : {"url(", "@import", "xlink"}) EXPECT_EQ(page.find(word), std::string::npos) << word;
    static const std::regex kReference(R"re(\s(src|srcset|action|data|on[a-z]+|style|href)="([^"]*)")re");
    for (std::sregex_iterator at(in_tags.begin(), in_tags.end(), kReference), end; at != end; ++at) {
      const std::string name = (*at)[1], value = (*at)[2];
      const bool harmless = name == "style" || (name == "href" && (value == "data:," || value.starts_with('#')));
      EXPECT_TRUE(harmless) << at->str();
    }
    EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  }
  EXPECT_EQ(report_page(sample_run(100)).find("http:"), std::string::npos);
  EXPECT_EQ(report_page(sample_run(100)).find("https:"), std::string::npos);
}

TEST(ReportPage, EveryVerdictIsThereInTheWordsOfItsKind) {
  RunRecord record = sample_run(100);
  for (const Verdict& verdict : record.verdicts) {
    const std::string words = "<td class=\"words\">" + html(verdict.expectation) + "</td><td class=\"words\">" + html(verdict.found, 1000);
    EXPECT_EQ(count(report_page(record), words), 1u) << verdict.expectation;
  }
  record.verdicts = {{"a", "b", true, false}, {"c", "d", false, false}, {"e", "f", true, true}, {"g", "h", false, true}};
  const std::string page = report_page(record);
  EXPECT_EQ(count(page, "✓ holds</td><td class=\"words\">a<"), 1u);
  EXPECT_EQ(count(page, "✗ does not hold</td><td class=\"words\">c<"), 1u);
  EXPECT_EQ(count(page, "✓ within its bound, only reported</td><td class=\"words\">e<"), 1u);
  EXPECT_EQ(count(page, "beyond its bound, only reported</td><td class=\"words\">g<"), 1u);
}

TEST(ReportPage, TheBannerIsTheRunsEnd) {
  RunRecord record = sample_run(3);
  EXPECT_NE(report_page(record).find("Everything held"), std::string::npos);
  record.verdicts[0].holds = false;
  EXPECT_NE(report_page(record).find("✗ 1 of "), std::string::npos);
  record.interrupted = true;
  EXPECT_NE(report_page(record).find("The run was interrupted"), std::string::npos);
  record.error = "no space left";
  const std::string page = report_page(record);
  EXPECT_NE(page.find("The run broke<small>no space left"), std::string::npos);
  EXPECT_EQ(page.find("Everything held"), std::string::npos);
}

TEST(ReportPage, HoldsWhatALargeOrOddRunSays) {
  EXPECT_LT(report_page(sample_run(2000)).size(), std::size_t{8} << 20);
  RunRecord odd = sample_run(3);
  odd.length = -1;
  odd.image_bytes = 0;
  odd.hosts.clear();
  odd.bytes.front().at = 1'000'000'000'000;
  odd.stages["prov1"] = {{1'000'000'000'000, -1'000'000'000'000, "serving"}};
  const std::string page = report_page(odd);
  EXPECT_FALSE(std::regex_search(page, std::regex("[\", ]-?(nan|inf)[\", ]"))) << "a coordinate is no number";
  EXPECT_TRUE(page.ends_with("</html>\n"));
}

}  // namespace
}  // namespace phase::sim
