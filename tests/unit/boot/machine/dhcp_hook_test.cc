// Runs the real phase-dhcp-hook the way udhcpc does, with what a hostile DHCP server may have put
// into the environment. Only a checked record of fixed size may ever come out.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "boot/machine/child.h"
#include "boot/machine/dhcp_lease.h"

namespace phase::boot {
namespace {

struct HookRun {
  int status = -1;
  std::string bytes;  ///< All that came out of the pipe, of stdout and of stderr.
};

HookRun run_hook(const std::vector<std::string>& arguments,
                 const std::vector<std::string>& environment) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  Fd reading(ends[0]);
  Fd writing(ends[1]);
  Confinement confinement;
  confinement.uid = geteuid();
  confinement.gid = getegid();
  confinement.descriptors = {{writing.get(), 1}, {writing.get(), 2}, {writing.get(), kLeaseDescriptor}};
  auto child = spawn(PHASE_DHCP_HOOK, arguments, environment, confinement);
  EXPECT_TRUE(child.ok()) << (child.ok() ? "" : child.error().detail);
  writing.reset();
  HookRun run;
  char bytes[4096];
  for (ssize_t got; (got = read(reading.get(), bytes, sizeof bytes)) > 0;) {
    run.bytes.append(bytes, static_cast<std::size_t>(got));
  }
  const auto status =
      wait_until(*child, std::chrono::steady_clock::now() + std::chrono::seconds(30));
  run.status = status.value_or(-1);
  return run;
}

std::vector<std::string> environment_with(const std::string& name, const std::string& value) {
  std::vector<std::string> out = {name + "=" + value};
  for (const std::string other : {"ip=10.0.2.15", "subnet=255.255.255.0", "router=10.0.2.2",
                                  "dns=10.0.2.3", "mtu=1500", "lease=600"}) {
    if (!other.starts_with(name + "=")) out.push_back(other);
  }
  return out;
}

TEST(DhcpHook, WritesOneRecordForALease) {
  for (const char* action : {"bound", "renew"}) {
    const auto run = run_hook({action}, environment_with("hostname", "$(reboot)"));
    EXPECT_EQ(run.status, 0);
    ASSERT_EQ(run.bytes.size(), sizeof(DhcpLease));
    DhcpLease lease;
    std::memcpy(&lease, run.bytes.data(), sizeof lease);
    EXPECT_EQ(lease_defect(lease), nullptr);
    EXPECT_EQ(lease.mtu, 1500);
  }
}

TEST(DhcpHook, SaysNothingForOtherActions) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {}, {"deconfig"}, {"nak"}, {"leasefail"}, {"bound", "again"}, {"$(reboot)"}, {""}}) {
    const auto run = run_hook(arguments, environment_with("ip", "10.0.2.15"));
    EXPECT_EQ(run.bytes, "");
    EXPECT_EQ(run.status, 0);
  }
}

TEST(DhcpHook, NothingButValidNumbersComesOutOfHostileValues) {
  const std::vector<std::string> hostile = {
      "$(reboot)", "`reboot`", "1.2.3.4;reboot", "1.2.3.4\nnameserver 6.6.6.6", "\n", "", " ",
      std::string(255, 'A'), std::string(255, '1'), "1.2.3.4" + std::string(248, ' '),
      std::string(65000, '9'), "10.0.2.15\r", "%s%n%n", "-1", "0x10", "99999999999999999999",
      "\xff\xfe\x01", "255.255.255.255", "0.0.0.0", "10.0.2.2 10.0.2.3 $(reboot)"};
  int delivered = 0;
  for (const std::string name : {"ip", "subnet", "router", "dns", "mtu", "lease"}) {
    for (const auto& value : hostile) {
      const auto run = run_hook({"bound"}, environment_with(name, value));
      ++delivered;
      if (run.bytes.empty()) {
        EXPECT_NE(run.status, 0) << name << "=" << value;
        continue;
      }
      ASSERT_EQ(run.bytes.size(), sizeof(DhcpLease)) << name << "=" << value;
      DhcpLease lease;
      std::memcpy(&lease, run.bytes.data(), sizeof lease);
      EXPECT_EQ(lease_defect(lease), nullptr) << name << "=" << value;
      EXPECT_EQ(lease.address, (std::array<std::uint8_t, 4>{10, 0, 2, 15}));
    }
  }
  EXPECT_EQ(delivered, 120);
}

TEST(DhcpHook, RefusesADescriptorThatIsNoPipe) {
  Confinement confinement;
  confinement.uid = geteuid();
  confinement.gid = getegid();
  auto child = spawn(PHASE_DHCP_HOOK, {"bound"}, environment_with("mtu", "1500"), confinement);
  ASSERT_TRUE(child.ok());
  EXPECT_EQ(wait_until(*child, std::chrono::steady_clock::now() + std::chrono::seconds(30)), 2);
}

}  // namespace
}  // namespace phase::boot
