#include "boot/machine/dhcp_lease.h"

#include <gtest/gtest.h>

#include <string>

namespace phase::boot {
namespace {

LeaseEnvironment good() {
  return {.ip = "10.0.2.15", .subnet = "255.255.255.0", .router = "10.0.2.2", .dns = "10.0.2.3",
          .mtu = "1400", .lease = "86400"};
}

TEST(DhcpLease, ReadsWhatUdhcpcSays) {
  DhcpLease lease;
  auto from = good();
  from.router = "10.0.2.2 10.0.2.9";
  from.dns = "10.0.2.3 9.9.9.9 1.1.1.1 8.8.8.8";
  ASSERT_EQ(lease_from_environment(from, lease), nullptr);
  EXPECT_EQ(lease.address, (std::array<std::uint8_t, 4>{10, 0, 2, 15}));
  EXPECT_EQ(lease.router, (std::array<std::uint8_t, 4>{10, 0, 2, 2}));
  EXPECT_EQ(lease.prefix, 24);
  EXPECT_EQ(lease.mtu, 1400);
  EXPECT_EQ(lease.lease_seconds, 86400U);
  EXPECT_EQ(lease.dns_count, 3);
  EXPECT_EQ(lease.dns[2], (std::array<std::uint8_t, 4>{1, 1, 1, 1}));
}

TEST(DhcpLease, RouterDnsAndMtuMayBeMissing) {
  DhcpLease lease;
  ASSERT_EQ(lease_from_environment({.ip = "10.0.2.15", .subnet = "255.255.255.0", .lease = "600"},
                                   lease),
            nullptr);
  EXPECT_EQ(lease.dns_count, 0);
  EXPECT_EQ(lease.mtu, 0);
}

TEST(DhcpLease, AWrongAddressMaskRouterOrTimeRefusesAll) {
  const auto refused = [](auto change) {
    auto from = good();
    change(from);
    DhcpLease lease;
    return lease_from_environment(from, lease) != nullptr;
  };
  for (const char* ip : {"", "0.0.0.0", "127.0.0.1", "224.1.1.1", "255.255.255.255", "10.0.2.0",
                         "10.0.2.255", "10.0.2.2", "10.0.2", "10.0.2.15 ", " 10.0.2.15",
                         "10.0.2.15;reboot", "$(reboot)", "010.0.2.15x", "::1"}) {
    EXPECT_TRUE(refused([&](auto& from) { from.ip = ip; })) << ip;
  }
  for (const char* mask : {"", "0.0.0.0", "255.0.255.0", "24", "x"}) {
    EXPECT_TRUE(refused([&](auto& from) { from.subnet = mask; })) << mask;
  }
  for (const char* router : {"", " ", "x", "0.0.0.1", "239.0.0.1", "`reboot`"}) {
    EXPECT_TRUE(refused([&](auto& from) { from.router = router; })) << router;
  }
  for (const char* lease : {"", "59", "-1", "4294967296", "99999999999999999999", "60s"}) {
    EXPECT_TRUE(refused([&](auto& from) { from.lease = lease; })) << lease;
  }
  EXPECT_TRUE(refused([](auto& from) { from.ip = nullptr; }));
  EXPECT_TRUE(refused([](auto& from) { from.subnet = nullptr; }));
  EXPECT_TRUE(refused([](auto& from) { from.lease = nullptr; }));
}

TEST(DhcpLease, AWrongDnsServerOrMtuIsLeftOut) {
  DhcpLease lease;
  auto from = good();
  from.dns = "10.0.2.3 $(reboot) 9.9.9.9";
  from.mtu = "68";
  ASSERT_EQ(lease_from_environment(from, lease), nullptr);
  EXPECT_EQ(lease.dns_count, 1);
  EXPECT_EQ(lease.mtu, 0);
  for (const char* mtu : {"", "9217", "65536", "1400x", "-1400", "4294968696"}) {
    from.mtu = mtu;
    ASSERT_EQ(lease_from_environment(from, lease), nullptr);
    EXPECT_EQ(lease.mtu, 0) << mtu;
  }
}

TEST(DhcpLease, PointToPointNetworksMayUseBothAddresses) {
  DhcpLease lease;
  auto from = good();
  from.ip = "10.0.2.4";
  from.router = "10.0.2.5";
  from.subnet = "255.255.255.254";
  EXPECT_EQ(lease_from_environment(from, lease), nullptr);
  from.subnet = "255.255.255.255";
  EXPECT_EQ(lease_from_environment(from, lease), nullptr);
}

// PID 1 gets the record from a process that a DHCP server may have taken over: whatever the bytes
// are, what passes is a lease.
TEST(DhcpLease, ARecordIsCheckedFieldByField) {
  DhcpLease lease;
  ASSERT_EQ(lease_from_environment(good(), lease), nullptr);
  ASSERT_EQ(lease_defect(lease), nullptr);
  const auto broken = [&](auto change) {
    auto copy = lease;
    change(copy);
    return lease_defect(copy) != nullptr;
  };
  EXPECT_TRUE(broken([](auto& one) { one.magic ^= 1; }));
  EXPECT_TRUE(broken([](auto& one) { one.prefix = 0; }));
  EXPECT_TRUE(broken([](auto& one) { one.prefix = 33; }));
  EXPECT_TRUE(broken([](auto& one) { one.address = {}; }));
  EXPECT_TRUE(broken([](auto& one) { one.router = {224, 0, 0, 1}; }));
  EXPECT_TRUE(broken([](auto& one) { one.mtu = 100; }));
  EXPECT_TRUE(broken([](auto& one) { one.mtu = 65535; }));
  EXPECT_TRUE(broken([](auto& one) { one.dns_count = 4; }));
  EXPECT_TRUE(broken([](auto& one) { one.dns_count = 2; }));
  EXPECT_TRUE(broken([](auto& one) { one.dns[1] = {1, 1, 1, 1}; }));
  EXPECT_TRUE(broken([](auto& one) { one.lease_seconds = 0; }));
}

}  // namespace
}  // namespace phase::boot
