// tests/unit/dht/session_test.cc
// What one session does by itself; everything between sessions is in tests/integration.
#include "dht/session.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

SessionOptions on_loopback() {
  SessionOptions options;
  options.listen = {*parse_endpoint("127.0.0.1:0")};
  options.network = NetworkKind::kPrivate;
  return options;
}

TEST(Session, SaysWhereItListens) {
  auto options = on_loopback();
  options.listen.push_back(*parse_endpoint("127.0.0.2:0"));
  const auto session = Session::open(options);
  ASSERT_TRUE(session.ok()) << session.error().detail;
  const auto at = (*session)->listening();
  ASSERT_EQ(at.size(), 2u);
  EXPECT_EQ(at[0].host(), "127.0.0.1");
  EXPECT_EQ(at[1].host(), "127.0.0.2");
  EXPECT_EQ(at[0].port, at[1].port);
}

TEST(Session, RefusesAPortThatIsTaken) {
  const auto first = Session::open(on_loopback());
  ASSERT_TRUE(first.ok());
  auto options = on_loopback();
  options.listen = (*first)->listening();
  const auto second = Session::open(options);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kPortInUse);
  EXPECT_NE(second.error().detail.find(options.listen[0].text()), std::string::npos);
}

TEST(Session, RefusesAnAddressThatIsNotThisMachines) {
  auto options = on_loopback();
  options.listen = {*parse_endpoint("192.0.2.1:6881")};
  const auto session = Session::open(options);
  ASSERT_FALSE(session.ok());
  EXPECT_EQ(session.error().code, ErrorCode::kNoInterface);
}

// One of two addresses is not there: the other one works, and the owner is told.
TEST(Session, ReportsAnAddressThatCannotBeUsedBesideOneThatCan) {
  auto options = on_loopback();
  options.listen.push_back(*parse_endpoint("192.0.2.1:6881"));
  const auto session = Session::open(options);
  ASSERT_TRUE(session.ok()) << session.error().detail;
  const auto events = (*session)->wait(milliseconds(0));
  ASSERT_FALSE(events.empty());
  const auto* failed = std::get_if<ListenFailed>(&events[0]);
  ASSERT_NE(failed, nullptr);
  EXPECT_EQ(failed->at.host(), "192.0.2.1");
}

TEST(Session, RefusesRestrictionsThatCannotBothBeKept) {
  auto options = on_loopback();
  options.only_on_link = OnLink({{*parse_address("10.78.1.9", 0), 24}});
  const auto loopback_only = Session::open(options);
  ASSERT_FALSE(loopback_only.ok());
  EXPECT_EQ(loopback_only.error().code, ErrorCode::kNoInterface);
  options.socks5 = *parse_endpoint("127.0.0.1:1080");
  const auto both = Session::open(options);
  ASSERT_FALSE(both.ok());
  EXPECT_EQ(both.error().code, ErrorCode::kUsage);
}

TEST(Session, WithAProxyListensNowhere) {
  auto options = on_loopback();
  options.socks5 = *parse_endpoint("127.0.0.1:1");
  const auto session = Session::open(options);
  ASSERT_TRUE(session.ok()) << session.error().detail;
  EXPECT_TRUE((*session)->listening().empty());
  (*session)->announce(1);
  EXPECT_EQ((*session)->dht_nodes(), 0U);
}

TEST(Session, WakesUpWhenAnotherThreadSaysSo) {
  auto options = on_loopback();
  options.enable_dht = false;
  const auto session = Session::open(options);
  ASSERT_TRUE(session.ok());
  const auto start = std::chrono::steady_clock::now();
  std::thread other([&] { (*session)->wake(); });
  EXPECT_TRUE((*session)->wait(seconds(30)).empty());
  other.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(10));
}

TEST(Session, ReturnsFromWaitInTime) {
  const auto session = Session::open(on_loopback());
  ASSERT_TRUE(session.ok());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE((*session)->wait(milliseconds(100)).empty());
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_GE(took, milliseconds(100));
  EXPECT_LT(took, seconds(5));
}

TEST(Session, RefusesToFetchByOneInfohashOnly) {
  const auto session = Session::open(on_loopback());
  ASSERT_TRUE(session.ok());
  Infohashes v1_only;
  v1_only.v1.fill(1);
  const auto release = (*session)->fetch(v1_only, testing::TempDir());
  ASSERT_FALSE(release.ok());
  EXPECT_EQ(release.error().code, ErrorCode::kUsage);
}

TEST(Session, KnowsNothingOfAReleaseThatIsNotThere) {
  const auto session = Session::open(on_loopback());
  ASSERT_TRUE(session.ok());
  EXPECT_FALSE((*session)->info(7).has_value());
  EXPECT_FALSE((*session)->status(7).has_metadata);
  EXPECT_TRUE((*session)->peers(7).empty());
  EXPECT_EQ((*session)->torrent_file(7).error().code, ErrorCode::kNotFound);
  EXPECT_EQ((*session)->want(7, {}).error().code, ErrorCode::kNotFound);
  (*session)->connect(7, *parse_endpoint("127.0.0.1:1"), {});
  (*session)->add_piece(7, 0, Bytes(10));
  (*session)->ask_peers(7, {0}, false);
  EXPECT_TRUE((*session)->pieces(7).empty());
  EXPECT_TRUE((*session)->begun(7).empty());
  (*session)->announce(7);
  (*session)->remove(7);
  (*session)->stop(7);
}

}  // namespace
}  // namespace phase::dht
