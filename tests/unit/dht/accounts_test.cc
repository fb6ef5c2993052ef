// tests/unit/dht/accounts_test.cc
#include "dht/accounts.h"

#include <gtest/gtest.h>

namespace phase::dht {
namespace {

Endpoint peer(std::uint8_t last) {
  Endpoint out;
  out.address = {10, 0, 0, last};
  out.port = 6881;
  return out;
}

PeerAccount connection(std::uint8_t last, std::uint64_t received, std::uint64_t sent = 0) {
  PeerAccount out;
  out.peer = peer(last);
  out.received = received;
  out.sent = sent;
  return out;
}

TEST(Accounts, AddUpOverConnections) {
  Accounts accounts;
  accounts.begin_report();
  accounts.set_live({connection(1, 100, 5)});
  accounts.closed(connection(1, 150, 6));
  accounts.begin_report();
  accounts.set_live({connection(1, 30, 1)});
  const auto all = accounts.all();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].received, 180u);
  EXPECT_EQ(all[0].sent, 7u);
}

TEST(Accounts, CountOnceWhatAConnectionGoesOnFrom) {
  Accounts accounts;
  accounts.closed(connection(1, 2'500, 7));
  accounts.opened(connection(1, 2'048));  // libtorrent remembers whole KiB.
  accounts.begin_report();
  accounts.set_live({connection(1, 5'000, 1)});
  ASSERT_EQ(accounts.all().size(), 1u);
  EXPECT_EQ(accounts.all()[0].received, 5'452u);
  EXPECT_EQ(accounts.all()[0].sent, 8u);
  accounts.opened(connection(2, 100));
  EXPECT_EQ(accounts.all().size(), 1u) << "nothing is known of it";
}

// A connection closes between the moment in which its figures are taken and the one in which they
// are handed over: they must not count twice.
TEST(Accounts, DoNotCountAConnectionTwiceThatClosesWhileItIsReported) {
  Accounts accounts;
  accounts.begin_report();
  accounts.closed(connection(1, 150));
  accounts.set_live({connection(1, 150)});
  ASSERT_EQ(accounts.all().size(), 1u);
  EXPECT_EQ(accounts.all()[0].received, 150u);
}

TEST(Accounts, NameEachBannedPeerOnce) {
  Accounts accounts;
  auto closed = connection(1, 65'536);
  closed.banned = true;
  closed.bad_pieces = 1;
  accounts.closed(closed);
  accounts.note_ban(peer(1));
  accounts.note_ban(peer(2));
  EXPECT_EQ(accounts.take_banned(), (std::vector<Endpoint>{peer(1), peer(2)}));
  EXPECT_TRUE(accounts.take_banned().empty());
  for (const auto& account : accounts.all()) EXPECT_TRUE(account.banned);
  EXPECT_EQ(accounts.all()[0].bad_pieces, 1u);
}

TEST(Accounts, LeaveOutPeersThatNeverConnected) {
  Accounts accounts;
  accounts.note_source(peer(1), PeerSource{.dht = true});
  EXPECT_TRUE(accounts.all().empty());
  accounts.begin_report();
  accounts.set_live({connection(1, 0)});
  ASSERT_EQ(accounts.all().size(), 1u);
  EXPECT_TRUE(accounts.all()[0].source.dht);
}

// A stranger can show up under any number of ports; whoever gave bytes stays on the list.
TEST(Accounts, StayBoundedAndKeepThoseWhoGave) {
  Accounts accounts;
  accounts.closed(connection(1, 1000));
  for (std::uint32_t i = 0; i < 2 * Accounts::kMaxAccounts; ++i) {
    PeerAccount idle;
    idle.peer.address = {11, static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8),
                         static_cast<std::uint8_t>(i)};
    idle.bad_pieces = 1;  // So that it would be listed.
    accounts.closed(idle);
  }
  const auto all = accounts.all();
  EXPECT_EQ(all.size(), Accounts::kMaxAccounts);
  EXPECT_EQ(all[0].received, 1000u);
}

TEST(Accounts, KeepWhatPeersSayOfTheirPorts) {
  Accounts accounts;
  accounts.note_ports(peer(1), 6889, 8080);
  accounts.begin_report();
  accounts.set_live({connection(1, 100)});
  accounts.closed(connection(1, 150));
  const auto all = accounts.all();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].listen_port, 6889);
  EXPECT_EQ(all[0].http_port, 8080);
  accounts.note_ports(peer(1), 0, 0);
  EXPECT_EQ(accounts.all()[0].http_port, 0) << "the last word counts";
}

}  // namespace
}  // namespace phase::dht
