// Goal: what a real DHCP server says becomes an address, a route and a resolver, and nothing else.
// Method: this process moves into a network namespace of its own; each server is a real dnsmasq in
// a further one, at the other end of a veth pair. Needs root.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "boot/machine/child.h"
#include "boot/machine/network.h"

namespace phase::boot {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

MonoTime in(int s) { return std::chrono::steady_clock::now() + seconds(s); }

std::string slurp(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

/// Runs a program as root and gives back what it said.
std::string run(const std::string& program, const std::vector<std::string>& arguments) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  Confinement root;
  root.keep_all_capabilities = true;
  root.descriptors = {{writing.get(), 1}, {writing.get(), 2}};
  auto child = spawn(program, arguments, {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, root);
  EXPECT_TRUE(child.ok()) << (child.ok() ? "" : child.error().detail);
  writing.reset();
  std::string out;
  char bytes[4096];
  for (ssize_t got; (got = read(reading.get(), bytes, sizeof bytes)) > 0;) {
    out.append(bytes, static_cast<std::size_t>(got));
  }
  if (!child.ok()) return out;
  EXPECT_EQ(wait_until(*child, in(20)), 0) << program << ": " << out;
  return out;
}

std::string ip(const std::vector<std::string>& arguments) { return run("/sbin/ip", arguments); }

/// The far end of one veth pair, in a namespace of its own; with or without a dnsmasq there.
class Segment {
 public:
  /// `interface` is our end, `network` the first three bytes, e.g. "10.77.1".
  Segment(const std::string& interface, const std::string& network) : network_(network) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const Fd go(ends[0]);
    go_ = Fd(ends[1]);
    Confinement apart;
    apart.keep_all_capabilities = true;
    apart.new_network_namespace = true;
    apart.descriptors = {{go.get(), 3}, {2, 2}};
    // The far side reads its commands from us, a line each, and ends when we do.
    // A process namespace of its own ends dnsmasq with it: changing its capabilities clears the
    // signal that it would get at our death.
    auto child = spawn("/usr/bin/unshare",
                       {"--pid", "--fork", "--kill-child", "/bin/sh", "-c",
                        "while read -r line <&3; do eval \"$line\"; done; wait"},
                       {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, apart);
    EXPECT_TRUE(child.ok());
    far_ = std::move(*child);
    ip({"link", "add", interface, "type", "veth", "peer", "name", "far", "netns",
        std::to_string(far_.pid)});
  }
  ~Segment() { kill_and_reap(far_); }

  void command(const std::string& line) const {
    const std::string whole = line + "\n";
    EXPECT_EQ(write(go_.get(), whole.data(), whole.size()), ssize_t(whole.size()));
  }
  void plug_in() const {
    command("ip addr add " + network_ + ".1/24 dev far; ip link set lo up; ip link set far up");
  }
  /// `folder` gets server.log (each option received and sent) and leases.
  void serve(const std::string& folder, const std::string& options) const {
    plug_in();
    command("dnsmasq -k --conf-file=/dev/null --port=0 --interface=far --bind-interfaces "
            "--user=root --pid-file= --no-ping --log-dhcp --dhcp-authoritative --log-facility=" +
            folder + "/server.log --dhcp-leasefile=" + folder + "/leases --dhcp-range=" +
            network_ + ".50," + network_ + ".59,255.255.255.0,1h " + options + " &");
  }

 private:
  std::string network_;
  Fd go_;
  Child far_;
};

class Dhcp : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(geteuid(), 0U) << "needs root: it makes network namespaces";
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    std::string pattern = (std::filesystem::temp_directory_path() / "phase-dhcp-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    // Where the user that runs it can reach it, wherever the build lies.
    ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
    std::filesystem::copy_file(PHASE_DHCP_HOOK, folder_ + "/hook");
    options_.dhcp.hook = folder_ + "/hook";
    options_.resolv_conf = folder_ + "/resolv.conf";
    options_.deadline = in(60);
#ifdef __SANITIZE_ADDRESS__
    options_.dhcp.max_memory = RLIM_INFINITY;  // Its shadow memory takes terabytes of addresses.
#endif
    options_.say = [this](const std::string& line) { said_ += line + "\n"; };
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  [[nodiscard]] std::string resolv_conf() const { return slurp(options_.resolv_conf); }

  std::string folder_;
  std::string said_;
  NetworkOptions options_;
};

TEST_F(Dhcp, ALeaseBecomesAddressMtuRouteAndResolver) {
  const Segment segment("eth0", "10.77.1");
  segment.serve(folder_, "--dhcp-option=option:router,10.77.1.1 --dhcp-option=option:dns-server,10.77.1.2,"
                "10.77.1.3 --dhcp-option=option:mtu,1400");
  const auto up = bring_up_network(options_, system_clock());
  ASSERT_TRUE(up.ok()) << up.error().detail << "\n" << said_;
  EXPECT_EQ(up->interface, "eth0");
  EXPECT_EQ(up->source, "dhcp");
  EXPECT_EQ(up->prefix, 24);
  EXPECT_EQ(ipv4_text(up->address).substr(0, 9), "10.77.1.5");
  EXPECT_EQ(ipv4_text(up->gateway), "10.77.1.1");
  EXPECT_EQ(resolv_conf(), "nameserver 10.77.1.2\nnameserver 10.77.1.3\n");
  const auto addresses = ip({"-4", "addr", "show", "dev", "eth0"});
  EXPECT_THAT(addresses, HasSubstr(ipv4_text(up->address) + "/24 brd 10.77.1.255"));
  EXPECT_THAT(addresses, HasSubstr("mtu 1400"));
  EXPECT_THAT(ip({"route"}), HasSubstr("default via 10.77.1.1 dev eth0"));
  EXPECT_THAT(ip({"link", "show", "lo"}), HasSubstr("LOWER_UP"));
  take_down_network(*up);
  EXPECT_EQ(ip({"-4", "route"}), "");
}

TEST_F(Dhcp, TheInterfaceWithARouteWinsOverOneWithout) {
  const Segment isolated("eth0", "10.77.1");
  const Segment routed("eth1", "10.77.2");
  isolated.serve(folder_, "--dhcp-option=option:router");
  routed.serve(folder_, "--dhcp-option=option:router,10.77.2.1");
  const auto up = bring_up_network(options_, system_clock());
  ASSERT_TRUE(up.ok()) << up.error().detail << "\n" << said_;
  EXPECT_EQ(up->interface, "eth1");
  EXPECT_THAT(said_, HasSubstr("eth0: asking"));
}

TEST_F(Dhcp, ANetworkWithoutARouterIsTakenWhereThereIsNoOther) {
  const Segment isolated("eth0", "10.77.1");
  isolated.serve(folder_, "--dhcp-option=option:router --dhcp-option=option:dns-server,10.77.1.1");
  const auto up = bring_up_network(options_, system_clock());
  ASSERT_TRUE(up.ok()) << up.error().detail;
  EXPECT_FALSE(is_set(up->gateway));
  EXPECT_EQ(resolv_conf(), "nameserver 10.77.1.1\n");
}

TEST_F(Dhcp, BootifChoosesTheInterface) {
  const Segment first("eth0", "10.77.1");
  const Segment second("eth1", "10.77.2");
  first.serve(folder_, "");
  second.serve(folder_, "");
  ip({"link", "set", "eth1", "address", "02:00:00:00:00:07"});
  options_.boot_interface = *parse_boot_interface("01-02-00-00-00-00-07");
  const auto up = bring_up_network(options_, system_clock());
  ASSERT_TRUE(up.ok()) << up.error().detail;
  EXPECT_EQ(up->interface, "eth1");
  EXPECT_THAT(said_, Not(HasSubstr("eth0")));
}

// A cable that is plugged in late: the far end comes up only once we wait for it.
TEST_F(Dhcp, CarrierThatComesLateIsWaitedFor) {
  const Segment segment("eth0", "10.77.1");
  int calls = 0;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Fd reading(ends[0]);
  const Fd writing(ends[1]);
  options_.hardware_fd = reading.get();
  ASSERT_EQ(write(writing.get(), "x", 1), 1);
  options_.on_hardware = [&] {
    char byte = 0;
    ASSERT_EQ(read(reading.get(), &byte, 1), 1);
    EXPECT_THAT(ip({"link", "show", "eth0"}), HasSubstr("NO-CARRIER"));
    EXPECT_EQ(said_, "");
    ++calls;
    segment.serve(folder_, "");
  };
  const auto up = bring_up_network(options_, system_clock());
  ASSERT_TRUE(up.ok()) << up.error().detail;
  EXPECT_EQ(calls, 1);
}

// The values are what a server can put into its options; dnsmasq sends them as they are.
TEST_F(Dhcp, HostileOptionsLeaveNoTrace) {
  const Segment segment("eth0", "10.77.1");
  const std::string marker = folder_ + "/p";
  ASSERT_EQ(chmod(folder_.c_str(), 0777), 0);
  // Host name, domain, root path: what udhcpc's usual script uses. Short, so that all fit.
  const std::pair<int, std::string> attacks[] = {
      {12, "$(>" + marker + ")"}, {15, "`>" + marker + "`"}, {17, ";>" + marker + ";"}};
  std::string options = "--dhcp-option=option:router,10.77.1.1 --dhcp-option-force=26,68 "
                        "--dhcp-option=option:dns-server,10.77.1.2";
  for (const auto& [option, attack] : attacks) {
    options += " --dhcp-option-force=" + std::to_string(option) + ",'" + attack + "'";
  }
  segment.serve(folder_, options);
  const auto up = bring_up_network(options_, system_clock());
  ASSERT_TRUE(up.ok()) << up.error().detail;
  const auto log = slurp(folder_ + "/server.log");
  for (const auto& [option, attack] : attacks) {
    EXPECT_TRUE(log.find("sent size: " + std::to_string(attack.size()) +
                         " option: " + std::to_string(option)) != std::string::npos)
        << "option " << option << " was not delivered";
  }
  EXPECT_FALSE(std::filesystem::exists(marker));
  EXPECT_EQ(up->mtu, 0U);
  EXPECT_EQ(resolv_conf(), "nameserver 10.77.1.2\n");
  EXPECT_EQ(log.find("client provides name"), std::string::npos);
}

TEST_F(Dhcp, TheClientHoldsOneCapabilityAndNoUserThatMatters) {
  const Segment segment("eth0", "10.77.1");
  segment.plug_in();
  options_.deadline = in(3);
  std::string status;
  options_.say = [&](const std::string& line) {
    if (line.find("asking by DHCP") == std::string::npos) return;
    std::istringstream children(slurp("/proc/self/task/" + std::to_string(getpid()) + "/children"));
    for (std::string pid; children >> pid;) {
      if (slurp("/proc/" + pid + "/cmdline").find("udhcpc") == std::string::npos) continue;
      status = slurp("/proc/" + pid + "/status");
    }
  };
  const auto up = bring_up_network(options_, system_clock());
  ASSERT_FALSE(up.ok());
  EXPECT_EQ(up.error().code, ErrorCode::kNoDhcp);
  EXPECT_THAT(up.error().detail, HasSubstr("eth0 (carrier, 1 attempt"));
  for (const char* line : {"CapInh:\t0000000000002000", "CapPrm:\t0000000000002000",
                           "CapEff:\t0000000000002000", "CapBnd:\t0000000000002000",
                           "CapAmb:\t0000000000002000", "NoNewPrivs:\t1",
                           "Uid:\t900\t900\t900\t900", "Gid:\t900\t900\t900\t900"}) {
    EXPECT_THAT(status, HasSubstr(line));
  }
  // The attempt that ran at the deadline was ended and reaped.
  EXPECT_THAT(slurp("/proc/self/task/" + std::to_string(getpid()) + "/children"),
              Not(HasSubstr(status.substr(status.find("Pid:\t") + 5, 6))));
}

TEST_F(Dhcp, NoInterfaceAndNoCarrierAreToldApart) {
  options_.deadline = in(0);
  const auto none = bring_up_network(options_, system_clock());
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, ErrorCode::kNoInterface);
  EXPECT_THAT(none.error().detail, HasSubstr("there is none at all"));

  const Segment segment("eth0", "10.77.1");
  const auto unplugged = bring_up_network(options_, system_clock());
  ASSERT_FALSE(unplugged.ok());
  EXPECT_EQ(unplugged.error().code, ErrorCode::kNoInterface);
  EXPECT_THAT(unplugged.error().detail, HasSubstr("eth0 (no carrier)"));

  options_.ip = *parse_ip_option(":::::eth7:dhcp");
  const auto other = bring_up_network(options_, system_clock());
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kNoInterface);
  EXPECT_THAT(other.error().detail, AllOf(HasSubstr("eth7"), HasSubstr("eth0")));
}

TEST_F(Dhcp, StaticConfigurationAsksNobody) {
  const Segment segment("eth0", "10.77.1");
  segment.plug_in();
  options_.ip = *parse_ip_option("10.77.1.9::10.77.1.1:255.255.255.0::eth0:off:9.9.9.9");
  const auto up = bring_up_network(options_, system_clock());
  ASSERT_TRUE(up.ok()) << up.error().detail;
  EXPECT_EQ(up->text(), "eth0 10.77.1.9/24 gateway 10.77.1.1 dns 9.9.9.9 (static)");
  EXPECT_THAT(ip({"route"}), HasSubstr("default via 10.77.1.1 dev eth0"));
  EXPECT_EQ(resolv_conf(), "nameserver 9.9.9.9\n");
  EXPECT_THAT(said_, Not(HasSubstr("DHCP")));
}

TEST_F(Dhcp, WhatCannotBeWrittenIsTakenBack) {
  const Segment segment("eth0", "10.77.1");
  segment.plug_in();
  options_.ip = *parse_ip_option("10.77.1.9::10.77.1.1:255.255.255.0::eth0:off:9.9.9.9");
  options_.resolv_conf = folder_ + "/missing/resolv.conf";
  const auto up = bring_up_network(options_, system_clock());
  ASSERT_FALSE(up.ok());
  EXPECT_EQ(up.error().code, ErrorCode::kStore);
  EXPECT_EQ(ip({"-4", "addr", "show", "dev", "eth0"}), "");
}

TEST_F(Dhcp, AMissingClientIsNamedAtOnce) {
  const Segment segment("eth0", "10.77.1");
  segment.plug_in();
  options_.dhcp.busybox = folder_ + "/no-busybox";
  const auto up = bring_up_network(options_, system_clock());
  ASSERT_FALSE(up.ok());
  EXPECT_EQ(up.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(up.error().detail, HasSubstr("no-busybox"));
}

// Private mode: neither the client identifier nor the vendor class goes out.
TEST_F(Dhcp, AnonymousRequestsCarryNoClientIdAndNoVendorClass) {
  const auto ask = [&](bool anonymous) {
    const Segment segment("eth0", "10.77.1");
    const std::string server = folder_ + (anonymous ? "/anonymous" : "/plain");
    std::filesystem::create_directory(server);
    segment.serve(server, "");
    options_.dhcp.anonymous = anonymous;
    const auto up = bring_up_network(options_, system_clock());
    EXPECT_TRUE(up.ok()) << (up.ok() ? "" : up.error().detail);
    ip({"link", "del", "eth0"});
    // A lease ends with the client identifier, or with a star where none was sent.
    return slurp(server + "/server.log") + slurp(server + "/leases");
  };
  EXPECT_THAT(ask(false), AllOf(HasSubstr("vendor class: udhcp"), Not(HasSubstr(" *\n"))));
  EXPECT_THAT(ask(true), AllOf(HasSubstr("DHCPACK"), Not(HasSubstr("vendor class")),
                               HasSubstr(" * *\n")));
}

}  // namespace
}  // namespace phase::boot
