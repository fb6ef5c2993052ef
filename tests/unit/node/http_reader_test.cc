#include "node/http_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace phase::node {
namespace {

using State = HttpReader::State;
constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(HttpReader, ReadsARequestInOnePieceOrByteByByte) {
  HttpReader whole(1024);
  whole.add(kGet);
  ASSERT_EQ(whole.next(), State::kRequest);
  EXPECT_EQ(whole.request().method, "GET");
  EXPECT_EQ(whole.request().target, "/a");
  EXPECT_EQ(whole.request().version, 11u);
  EXPECT_EQ(whole.request().hosts, 1u);
  EXPECT_TRUE(whole.request().keep_alive);
  EXPECT_FALSE(whole.request().has_body);
  EXPECT_FALSE(whole.started());

  HttpReader dripped(1024);
  for (const char c : kGet.substr(0, kGet.size() - 1)) {
    dripped.add({&c, 1});
    ASSERT_EQ(dripped.next(), State::kMore);
    EXPECT_TRUE(dripped.started());
  }
  dripped.add("\n");
  ASSERT_EQ(dripped.next(), State::kRequest);
  EXPECT_EQ(dripped.request().target, "/a");
}

TEST(HttpReader, ReadsPipelinedRequestsOneByOne) {
  HttpReader reader(1024);
  reader.add("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 HT");
  ASSERT_EQ(reader.next(), State::kRequest);
  EXPECT_EQ(reader.request().target, "/1");
  ASSERT_EQ(reader.next(), State::kRequest);
  EXPECT_EQ(reader.request().method, "HEAD");
  EXPECT_EQ(reader.request().target, "/2");
  EXPECT_EQ(reader.next(), State::kMore);
  EXPECT_TRUE(reader.started());
}

TEST(HttpReader, PassesOverAnEmptyLineBeforeARequest) {
  HttpReader reader(1024);
  reader.add("\r");
  EXPECT_EQ(reader.next(), State::kMore);
  reader.add("\n");
  EXPECT_EQ(reader.next(), State::kMore);
  EXPECT_FALSE(reader.started());
  reader.add(kGet);
  EXPECT_EQ(reader.next(), State::kRequest);
}

TEST(HttpReader, JoinsListsAndIgnoresWhatMayStandOnceOnly) {
  HttpReader reader(1024);
  reader.add(
      "GET / HTTP/1.0\r\nIf-None-Match: \"a\"\r\nRange: bytes=0-1\r\nIf-Range: \"r\"\r\n"
      "IF-NONE-MATCH: \"b\"\r\nRange: bytes=5-6\r\nIf-Match: \"m\"\r\n\r\n");
  ASSERT_EQ(reader.next(), State::kRequest);
  EXPECT_EQ(reader.request().if_none_match, "\"a\", \"b\"");
  EXPECT_EQ(reader.request().if_match, "\"m\"");
  EXPECT_EQ(reader.request().if_range, "\"r\"");
  EXPECT_EQ(reader.request().range, std::nullopt);
  EXPECT_FALSE(reader.request().keep_alive) << "HTTP/1.0 ends by itself";
}

TEST(HttpReader, RefusesWhatIsNoHeader) {
  for (const std::string_view bytes :
       {"\x16\x03\x01\x02", "GET / HTTP/1.1\nHost: x\n\n", "GET / HTTP/2.0\r\n\r\n", "GET /\r\n\r\n",
        "GET / HTTP/1.1\r\nHost x\r\n\r\n", "G\x01T", " / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    HttpReader reader(1024);
    reader.add(bytes);
    EXPECT_EQ(reader.next(), State::kRefuse) << bytes;
    EXPECT_TRUE(reader.status() == 400 || reader.status() == 413) << bytes;
  }
}

TEST(HttpReader, TellsOfABody) {
  for (const char* field : {"Content-Length: 5", "Transfer-Encoding: chunked"}) {
    HttpReader reader(1024);
    reader.add("POST / HTTP/1.1\r\nHost: x\r\n" + std::string(field) + "\r\n\r\n");
    const auto state = reader.next();
    EXPECT_TRUE((state == State::kRequest && reader.request().has_body) ||
                (state == State::kRefuse && reader.status() == 413))
        << field;
  }
  HttpReader reader(1024);
  reader.add("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  ASSERT_EQ(reader.next(), State::kRequest);
  EXPECT_FALSE(reader.request().has_body);
}

TEST(HttpReader, TakesNoMoreThanTheLimit) {
  HttpReader reader(64);
  reader.add("GET / HTTP/1.1\r\nX: ");
  EXPECT_EQ(reader.next(), State::kMore);
  ASSERT_GT(reader.room(), 0u);
  reader.add(std::string(reader.room(), 'x'));
  EXPECT_EQ(reader.next(), State::kRefuse);
  EXPECT_EQ(reader.status(), 431u);
}

}  // namespace
}  // namespace phase::node
