// tests/unit/boot/acquire/socks5_test.cc
// The octets are those of RFC 1928, sections 3 to 6.
#include "boot/socks5.h"

#include <gtest/gtest.h>

#include <utility>

namespace phase::boot {
namespace {

Bytes octets(std::initializer_list<int> values) {
  Bytes out;
  for (const int value : values) out.push_back(static_cast<std::uint8_t>(value));
  return out;
}

/// After the proxy agreed to go without authentication.
std::pair<Socks5, Bytes> asked(const std::string& host, std::uint16_t port) {
  auto socks = Socks5::to(host, port);
  EXPECT_TRUE(socks.ok());
  EXPECT_EQ(socks->needs(), 2u);
  auto request = socks->receive(octets({5, 0}));
  EXPECT_TRUE(request.ok());
  return {std::move(*socks), request ? *request : Bytes{}};
}

TEST(Socks5, OffersNoAuthenticationOnly) {
  EXPECT_EQ(Socks5::greeting(), octets({5, 1, 0}));
}

TEST(Socks5, AsksForAddressesAsSuchAndForNamesByName) {
  EXPECT_EQ(asked("10.78.1.2", 8080).second, octets({5, 1, 0, 1, 10, 78, 1, 2, 0x1f, 0x90}));
  EXPECT_EQ(asked("2001:db8::1", 80).second,
            octets({5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80}));
  EXPECT_EQ(asked("ab.onion", 80).second,
            octets({5, 1, 0, 3, 8, 'a', 'b', '.', 'o', 'n', 'i', 'o', 'n', 0, 80}));
}

TEST(Socks5, ReadsExactlyTheAnswerWhateverAddressIsInIt) {
  const std::pair<Bytes, std::size_t> heads[] = {{octets({5, 0, 0, 1, 10}), 5},
                                                 {octets({5, 0, 0, 4, 0x20}), 17},
                                                 {octets({5, 0, 0, 3, 0}), 2},
                                                 {octets({5, 0, 0, 3, 255}), 257}};
  for (const auto& [head, rest] : heads) {
    Socks5 socks = asked("10.78.1.2", 80).first;
    ASSERT_EQ(socks.needs(), head.size());
    ASSERT_TRUE(socks.receive(head).ok());
    ASSERT_EQ(socks.needs(), rest);
    const auto last = socks.receive(Bytes(rest, 7));
    ASSERT_TRUE(last.ok());
    EXPECT_TRUE(last->empty());
    EXPECT_EQ(socks.needs(), 0u);
  }
}

TEST(Socks5, RefusesAProxyThatWantsMoreOrSpeaksSomethingElse) {
  for (const auto& method :
       {octets({5, 0xff}), octets({5, 2}), octets({4, 0}), octets({'H', 'T'})}) {
    auto socks = Socks5::to("10.78.1.2", 80);
    const auto answer = socks->receive(method);
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, ErrorCode::kNetwork);
  }
  for (const auto& head : {octets({4, 0, 0, 1, 10}), octets({5, 0, 0, 2, 10}),
                           octets({5, 0, 0, 0, 0}), octets({0, 0, 0, 1, 10})}) {
    EXPECT_FALSE(asked("10.78.1.2", 80).first.receive(head).ok());
  }
}

TEST(Socks5, SaysHowTheProxyRefused) {
  const auto answer = asked("10.78.1.2", 80).first.receive(octets({5, 5, 0, 1, 0}));
  ASSERT_FALSE(answer.ok());
  EXPECT_NE(answer.error().detail.find("connection refused"), std::string::npos);
  for (int reply = 1; reply < 256; ++reply) {
    EXPECT_FALSE(asked("10.78.1.2", 80).first.receive(octets({5, reply, 0, 1, 0})).ok()) << reply;
  }
}

TEST(Socks5, RefusesANameThatDoesNotFit) {
  EXPECT_TRUE(Socks5::to(std::string(255, 'a'), 80).ok());
  EXPECT_EQ(Socks5::to(std::string(256, 'a'), 80).error().code, ErrorCode::kUsage);
  EXPECT_EQ(Socks5::to("", 80).error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace phase::boot
