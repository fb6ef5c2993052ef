#include "proto/endpoint.h"

#include <gtest/gtest.h>

namespace phase {
namespace {

TEST(Endpoint, GoesToTextAndBack) {
  for (const char* text : {"1.2.3.4:80", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:80",
                           "[2001:db8::2]:6881", "[::ffff:10.0.0.1]:1"}) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint.has_value()) << text;
    EXPECT_EQ(endpoint->text(), text);
  }
  EXPECT_EQ(parse_endpoint("[::1]:80")->host(), "::1");
  EXPECT_EQ(parse_address("10.0.0.7", 53)->text(), "10.0.0.7:53");
  EXPECT_TRUE(parse_address("fe80::1", 53)->v6);
}

TEST(Endpoint, RefusesWhatIsNoLiteral) {
  for (const char* text : {"",
                           ":",
                           ":80",
                           "1.2.3.4",
                           "1.2.3.4:",
                           "1.2.3.4:65536",
                           "1.2.3.4:080",
                           "1.2.3.4:-1",
                           "1.2.3.4:+1",
                           "1.2.3.4: 1",
                           "1.2.3.4:1 ",
                           "1.2.3:80",
                           "1.2.3.4.5:80",
                           "256.1.1.1:80",
                           "01.2.3.4:80",
                           "::1:80",
                           "[::1]",
                           "[::1:80",
                           "::1]:80",
                           "[1.2.3.4]:80",
                           "[]:80",
                           "[fe80::1%eth0]:80",
                           "localhost:80",
                           "[[::1]]:80",
                           "1.2.3.4:1:2",
                           "0x7f.1:80"}) {
    EXPECT_FALSE(parse_endpoint(text).has_value()) << text;
  }
  EXPECT_FALSE(parse_address(std::string_view("1.2.3.4\0x", 9), 1).has_value());
  EXPECT_FALSE(parse_address(std::string(1000, '1'), 1).has_value());
}

TEST(Endpoint, GoesToCompactFormAndBack) {
  EXPECT_EQ(parse_endpoint("1.2.3.4:258")->compact(), (Bytes{1, 2, 3, 4, 1, 2}));
  const auto v6 = *parse_endpoint("[2001:db8::1]:6881");
  EXPECT_EQ(v6.compact().size(), 18u);
  EXPECT_EQ(parse_compact(v6.compact()), v6);
  for (std::size_t size = 0; size < 40; ++size) {
    EXPECT_EQ(parse_compact(Bytes(size)).has_value(), size == 6 || size == 18) << size;
  }
}

TEST(Endpoint, KnowsPrivateAddresses) {
  for (const char* host : {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1",
                           "169.254.1.1", "100.64.0.1", "100.127.255.255", "::1", "fe80::1",
                           "febf::1", "fc00::1", "fdff::1", "::ffff:10.1.1.1"}) {
    EXPECT_TRUE(parse_address(host, 1)->is_private()) << host;
  }
  for (const char* host : {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0",
                           "192.167.1.1", "100.63.255.255", "100.128.0.0", "8.8.8.8", "::2",
                           "fec0::1", "fe00::1", "2001:db8::1", "::ffff:8.8.8.8"}) {
    EXPECT_FALSE(parse_address(host, 1)->is_private()) << host;
  }
}

}  // namespace
}  // namespace phase
