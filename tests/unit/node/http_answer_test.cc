#include "node/http_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace phase::node {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HttpAnswerTest : public ::testing::Test {
 protected:
  HttpAnswerTest() {
    catalogue_.add_bytes("/f", Bytes(100, 'x'), "text/plain");
    etag_ = catalogue_.find("/f")->etag;
  }
  [[nodiscard]] HttpAnswer ask(const HttpRequest& request) const {
    return answer(request, catalogue_, peers_, WallTime{784'111'777});
  }
  [[nodiscard]] static HttpRequest get(std::string_view target) {
    HttpRequest request;
    request.method = "GET";
    request.target = target;
    request.hosts = 1;
    return request;
  }
  Catalogue catalogue_, peers_;
  std::string etag_;
};

TEST_F(HttpAnswerTest, GivesTheWhole) {
  const auto reply = ask(get("/f"));
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.length, 100u);
  EXPECT_TRUE(reply.keep_alive);
  EXPECT_THAT(reply.head, HasSubstr("\r\nETag: \"" + etag_ + "\"\r\n"));
  EXPECT_THAT(reply.head, HasSubstr("\r\nContent-Length: 100\r\n"));
  EXPECT_THAT(reply.head, HasSubstr("\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
  EXPECT_TRUE(reply.head.ends_with("\r\n\r\n"));
}

TEST_F(HttpAnswerTest, HeadHasTheSameFieldsAndNoBody) {
  auto request = get("/f");
  const auto with_body = ask(request).head;
  request.method = "HEAD";
  request.range = "bytes=0-9";
  EXPECT_EQ(ask(request).head, with_body);
  EXPECT_EQ(ask(request).length, 0u);
  request.target = "/absent";
  EXPECT_EQ(ask(request).status, 404u);
  EXPECT_TRUE(ask(request).text.empty());
}

TEST_F(HttpAnswerTest, GivesAPart) {
  auto request = get("/f");
  request.range = "bytes=10-19";
  const auto reply = ask(request);
  EXPECT_EQ(reply.status, 206u);
  EXPECT_EQ(reply.first, 10u);
  EXPECT_EQ(reply.length, 10u);
  EXPECT_THAT(reply.head, HasSubstr("Content-Range: bytes 10-19/100\r\n"));
  EXPECT_THAT(reply.head, HasSubstr("Content-Length: 10\r\n"));
  request.range = "bytes=100-";
  EXPECT_EQ(ask(request).status, 416u);
  EXPECT_THAT(ask(request).head, HasSubstr("Content-Range: bytes */100\r\n"));
}

TEST_F(HttpAnswerTest, ConditionsComeBeforeTheRange) {
  auto request = get("/f");
  const auto quoted = "\"" + etag_ + "\"";
  request.range = "bytes=0-9";
  request.if_none_match = quoted;
  EXPECT_EQ(ask(request).status, 304u);
  EXPECT_EQ(ask(request).length, 0u);
  EXPECT_THAT(ask(request).head, Not(HasSubstr("Content-Length")));
  request.if_none_match = "\"other\"";
  request.if_range = "\"other\"";
  EXPECT_EQ(ask(request).status, 200u);
  request.if_range = quoted;
  EXPECT_EQ(ask(request).status, 206u);
  request.if_match = "\"other\"";
  EXPECT_EQ(ask(request).status, 412u);
}

TEST_F(HttpAnswerTest, OnlyGetAndHead) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "CONNECT"}) {
    auto request = get("/f");
    request.method = method;
    const auto reply = ask(request);
    EXPECT_EQ(reply.status, 405u) << method;
    EXPECT_FALSE(reply.keep_alive) << method;
    EXPECT_THAT(reply.head, HasSubstr("Allow: GET, HEAD\r\n"));
  }
}

TEST_F(HttpAnswerTest, NothingButExactPaths) {
  for (const char* target : {"/f/", "//f", "/./f", "/../f", "/F", "/f\\", "/x/../f", "/"})
    EXPECT_EQ(ask(get(target)).status, 404u) << target;
  for (const char* target : {"f", "*", "", "/%66", "/f%00", "/f\x01", "/f\x7f", "/\xc3\xa4",
                             "http://host", "ftp://host/f"})
    EXPECT_EQ(ask(get(target)).status, 400u) << target;
  EXPECT_EQ(ask(get("http://host:80/f")).status, 200u);
  EXPECT_EQ(ask(get("/f?x=%2e")).status, 200u);
}

TEST_F(HttpAnswerTest, EndsTheConnectionAfterABodyOrWithoutAHost) {
  auto request = get("/f");
  request.has_body = true;
  EXPECT_EQ(ask(request).status, 413u);
  EXPECT_FALSE(ask(request).keep_alive);
  request = get("/f");
  for (const std::size_t hosts : {0, 2}) {
    request.hosts = hosts;
    EXPECT_EQ(ask(request).status, 400u);
    EXPECT_FALSE(ask(request).keep_alive);
  }
  request.version = 10;
  request.hosts = 0;
  EXPECT_EQ(ask(request).status, 200u);
}

TEST_F(HttpAnswerTest, LooksAtPeersToo) {
  peers_.add_bytes("/peers/00", Bytes{'a'}, "text/plain");
  EXPECT_EQ(ask(get("/peers/00")).status, 200u);
  EXPECT_EQ(ask(get("/peers/01")).status, 404u);
}

TEST_F(HttpAnswerTest, WhileNothingIsKnownYetItSaysWhenToAskAgain) {
  auto request = get("/f");
  const auto reply = not_yet(request, WallTime{784'111'777});
  EXPECT_EQ(reply.status, 503u);
  EXPECT_TRUE(reply.keep_alive);
  EXPECT_THAT(reply.head, HasSubstr("\r\nRetry-After: 10\r\n"));
  EXPECT_FALSE(reply.text.empty());
  request.method = "HEAD";
  EXPECT_TRUE(not_yet(request, WallTime{784'111'777}).text.empty());
  request.has_body = true;
  EXPECT_FALSE(not_yet(request, WallTime{784'111'777}).keep_alive) << "its body would be the next request";
}

}  // namespace
}  // namespace phase::node
