// Goal: each lie is one, and another one than the rest. Method: each is told to somebody who
// listens at the other end of a socket, and what was heard is held against the truth and the other
// lies.
#include "sim/hostile/http_lies.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "tests/unit/sim/hostile/hearing.h"

namespace phase::sim {
namespace {

using test::hear;
using test::Heard;

HttpTruth truth() {
  HttpTruth out;
  out.body = std::string(5000, 'b') + "the end";
  out.path = "/release/x/kernel";
  return out;
}

Heard told(const std::string& name, std::uint64_t rng_seed = 1) {
  return hear([&](const Victim& victim) {
    Chance chance(rng_seed);
    Tally tally;
    EXPECT_TRUE(lie(name, truth(), victim, chance, tally)) << name;
    std::ostringstream counted;
    tally.print(counted);
    EXPECT_EQ(counted.str(), "delivered 1 " + name + "\n");
  });
}

Heard the_truth(const HttpTruth& what = truth()) {
  return hear([&](const Victim& victim) { EXPECT_TRUE(tell_truth(what, victim)); });
}

const std::map<std::string, Heard>& all_told() {
  static const std::map<std::string, Heard> kAll = [] {
    std::map<std::string, Heard> out;
    for (const auto& name : http_lie_names()) out.emplace(name, told(name));
    return out;
  }();
  return kAll;
}

TEST(HttpLies, AreAllDifferentFromEachOtherAndFromTheTruth) {
  ASSERT_EQ(all_told().size(), http_lie_names().size()) << "a name stands twice";
  std::map<std::string, std::string> seen = {{the_truth().text + "ended", "the truth"}};
  for (const auto& [name, heard] : all_told()) {
    const auto [same, is_new] = seen.emplace(heard.text + (heard.ended ? "ended" : "open"), name);
    EXPECT_TRUE(is_new) << name << " is the same as " << same->second;
  }
}

// What makes each the lie that its name says, as its first bytes on the wire.
TEST(HttpLies, SayWhatTheirNamesSay) {
  const std::map<std::string, std::string> marks = {
      {"length-more", "Content-Length: 6007\r\n"},
      {"length-less", "Content-Length: 2503\r\n"},
      {"length-huge", "Content-Length: 9223372036854775807\r\n"},
      {"length-over", "Content-Length: 99999999999999999999999\r\n"},
      {"length-negative", "Content-Length: -1\r\n"},
      {"length-twice", "Content-Length: 1\r\nContent-Length: 5007\r\n"},
      {"length-and-chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"},
      {"encoding-unknown", "Transfer-Encoding: phase, identity, chunked\r\n"},
      {"encoding-gzip", "Content-Encoding: gzip\r\n"},
      {"chunk-huge", "\r\n\r\nFFFFFFFFFFFFFFFFF\r\nb"},
      {"chunks-without-end", "\r\n\r\n1;x=y\r\nz\r\n1;x=y\r\nz\r\n"},
      {"headers-without-end", "X-More: there is always one more\r\nX-More: "},
      {"header-huge", "\r\nX: aaaaaaaa"},
      {"body-without-end", "\r\n\r\nbbbbbbbb"},
      {"drip", "H"},
      {"silence", ""},
      {"status-206", "Content-Range: bytes 1000-6006/10014\r\n"},
      {"status-304", "HTTP/1.1 304 "},
      {"status-100-without-end", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"},
      {"status-99999", "HTTP/1.1 99999 "},
      {"location-itself", "Location: /release/x/kernel\r\n"},
      {"location-loopback", "Location: http://127.0.0.1:22/"},
      {"location-file", "Location: file:///etc/passwd\r\n"},
      {"control-characters", "X: \x1b[2J"},
      {"garbage", ""},
      {"nothing", ""},
      {"altered", "Content-Length: 5007\r\n"},
  };
  std::set<std::string> expected, known;
  for (const auto& [name, mark] : marks) expected.insert(name);
  for (const auto& [name, heard] : all_told()) {
    known.insert(name);
    const auto mark = marks.find(name);
    if (mark == marks.end()) continue;
    EXPECT_NE(heard.text.find(mark->second), std::string::npos)
        << name << ": " << heard.text.substr(0, 300);
  }
  EXPECT_EQ(known, expected);
}

TEST(HttpLies, WithoutEndGoOnForAsLongAsSomebodyListens) {
  for (const char* name : {"chunks-without-end", "headers-without-end", "body-without-end",
                           "header-huge", "status-100-without-end"}) {
    const auto& heard = all_told().at(name);
    EXPECT_FALSE(heard.ended) << name;
    EXPECT_GE(heard.text.size(), test::kMostHeard) << name;
  }
  EXPECT_FALSE(all_told().at("silence").ended);
  EXPECT_TRUE(all_told().at("silence").text.empty());
  EXPECT_TRUE(all_told().at("nothing").ended);
  EXPECT_TRUE(all_told().at("nothing").text.empty());
  EXPECT_FALSE(all_told().at("drip").ended);
  EXPECT_LE(all_told().at("drip").text.size(), 5U) << "a byte a second";
}

TEST(HttpLies, AlteredIsTheTruthButForOneByte) {
  const auto lie = all_told().at("altered").text;
  const auto honest = the_truth().text;
  ASSERT_EQ(lie.size(), honest.size());
  int different = 0;
  for (std::size_t i = 0; i < lie.size(); ++i) different += lie[i] != honest[i] ? 1 : 0;
  EXPECT_EQ(different, 1);
  EXPECT_NE(told("altered", 2).text, lie) << "which one is chance's";
}

TEST(HttpLies, NobodyTellsOneThatIsNotThere) {
  const auto heard = hear([](const Victim& victim) {
    Chance chance(1);
    Tally tally;
    EXPECT_FALSE(lie("length", truth(), victim, chance, tally));
    EXPECT_FALSE(lie("", truth(), victim, chance, tally));
    std::ostringstream counted;
    tally.print(counted, true);
    EXPECT_EQ(counted.str(), "");
  });
  EXPECT_EQ(heard, (Heard{"", true}));
}

TEST(HttpTruth, IsAnAnswerOfRfc9110) {
  HttpTruth what;
  what.body = "abc";
  EXPECT_EQ(the_truth(what),
            (Heard{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", true}));
  what = {"206 Partial Content", "b", "bytes 1-1/3", "/"};
  EXPECT_EQ(the_truth(what).text,
            "HTTP/1.1 206 Partial Content\r\nConnection: close\r\nContent-Range: bytes 1-1/3\r\n"
            "Content-Length: 1\r\n\r\nb");
}

}  // namespace
}  // namespace phase::sim
