// Goal: nothing that is made of a MAC, and nothing that is of no use to others, is told.
#include "dht/lan/own_addresses.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace phase::dht::lan {
namespace {

bool told(const char* text) {
  OwnAddress address;
  address.v6 = std::string(text).find(':') != std::string::npos;
  EXPECT_EQ(inet_pton(address.v6 ? AF_INET6 : AF_INET, text, address.bytes.data()), 1) << text;
  return may_be_told(address);
}

TEST(OwnAddresses, AreToldWhereOthersCanUseThem) {
  for (const char* text : {"10.0.0.1", "192.168.1.7", "169.254.3.4", "203.0.113.9", "fd77::1",
                           "2001:db8::1234:5678:9abc:def0"}) {
    EXPECT_TRUE(told(text)) << text;
  }
  for (const char* text : {"127.0.0.1", "0.0.0.0", "224.0.0.251", "255.255.255.255", "::1", "::",
                           "::ffff:10.0.0.1", "fe80::1", "ff02::fb"}) {
    EXPECT_FALSE(told(text)) << text;
  }
}

TEST(OwnAddresses, MadeOfTheMacAreNotTold) {
  EXPECT_FALSE(told("2001:db8::5054:ff:fe12:3456"));
  EXPECT_FALSE(told("fd77::200:ff:fe00:1"));
}

}  // namespace
}  // namespace phase::dht::lan
