// Goal: a URL is taken apart exactly or refused. Method: values; whatever else is tried by
// tests/fuzz/boot/http_url_fuzz.cc.
#include "boot/http_url.h"

#include <gtest/gtest.h>

namespace phase::boot {
namespace {

TEST(HttpUrl, TakesHostPortAndPath) {
  const auto url = parse_http_url("http://10.0.0.7:8080/boot/");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->host, "10.0.0.7");
  EXPECT_EQ(url->port, "8080");
  EXPECT_EQ(url->target, "/boot");
  EXPECT_EQ(parse_http_url("http://[::1]:81")->authority(), "[::1]:81");
  EXPECT_EQ(parse_http_url("http://boot.example")->port, "80");
}

TEST(HttpUrl, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"", "https://a", "http://", "http:///a", "http://a:0", "http://a:70000",
                           "http://a:", "http://a:1x", "http://a:000080", "http://u@a",
                           "http://a/b?c", "http://a b", "http://[::1", "http://[::1]80",
                           "http://[]", "http://a\r\nX: y", "http://a\x7f", "http://a\xff"}) {
    EXPECT_FALSE(parse_http_url(text).ok()) << text;
  }
  EXPECT_FALSE(parse_http_url("http://a/" + std::string(2000, 'x')).ok());
}

TEST(HttpUrl, ARefusalIsPrintable) {
  EXPECT_NE(parse_http_url("http://a\x1b[2J\n").error().detail.find("'http://a?[2J?'"),
            std::string::npos);
}

// A Host field that another reader takes apart in another way would name another host.
TEST(HttpUrl, BracketsAreForAddressesWithColonsAlone) {
  for (const char* text : {"http://[a]", "http://[[::1]", "http://[[a]", "http://a]", "http://a[b",
                           "http://[::1]]:80"}) {
    EXPECT_FALSE(parse_http_url(text).ok()) << text;
  }
}

}  // namespace
}  // namespace phase::boot
