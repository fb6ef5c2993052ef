// Goal: nothing that a DHCP server puts into its options is run, or lands in a file; where another
// server on the link of another interface is honest, that one's lease is taken; else the refusal is
// "no DHCP". Method: the real udhcpc with our hook, against phase-hostile-dhcp.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "boot/machine/network.h"
#include "sim/command.h"
#include "tests/integration/hostile_fixture.h"
#include "tests/integration/in_network.h"

namespace phase::hostile_test {
namespace {

namespace fs = std::filesystem;

std::string slurp(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

class HostileDhcp : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_.path() + "/logs");
    // Where udhcpc's user could write, if it were made to.
    ASSERT_EQ(chmod(folder_.path().c_str(), 0777), 0);
    shell_ = std::make_unique<sim::Shell>(sim::own_folder(), folder_.path() + "/logs", observer_);
    network_ = must(sim::Network::create());
    server_ = must(network_->add_host("server", "10.77.1.1"));
    machine_ = must(network_->add_host("machine", "10.77.1.2"));
    must(sim::run_commands({{"ip", "addr", "flush", "dev", "eth0"}}, machine_.name));
    options_.dhcp.hook = folder_.path() + "/hook";
    fs::copy_file(PHASE_DHCP_HOOK, options_.dhcp.hook);
    options_.resolv_conf = folder_.path() + "/resolv.conf";
    options_.say = [this](const std::string& line) { said_ += line + "\n"; };
#ifdef __SANITIZE_ADDRESS__
    options_.dhcp.max_memory = RLIM_INFINITY;  // Its shadow memory takes terabytes of addresses.
#endif
  }

  [[nodiscard]] std::string marker() const { return folder_.path() + "/run"; }

  std::unique_ptr<sim::Process> attack(int round, bool about_lease) {
    std::vector<std::string> argv = {
        "phase-hostile-dhcp", "--interface", "eth0", "--server", "10.77.1.1", "--lease",
        "10.77.1.50", "--command", "echo>" + marker(), "--rng-seed",
        std::to_string(rng_seed() % 1'000'000'007 + static_cast<unsigned>(round))};
    if (about_lease) argv.push_back("--lie-about-lease");
    auto process = must(shell_->start(server_.name, argv));
    (void)must(process->wait_for_line("^ready$", seconds(20)));
    return process;
  }

  Result<boot::NetworkUp> bring_up(seconds within) {
    const InNetwork inside(machine_);
    fs::remove(options_.resolv_conf);
    options_.deadline = std::chrono::steady_clock::now() + within;
    auto up = boot::bring_up_network(options_, system_clock());
    if (up) boot::take_down_network(*up);
    return up;
  }

  void expect_harmless() {
    EXPECT_FALSE(fs::exists(marker())) << "an option was run; " << replay_command();
    std::istringstream lines(slurp(options_.resolv_conf));
    for (std::string line; std::getline(lines, line);) {
      EXPECT_TRUE(std::regex_match(line, std::regex("nameserver [0-9.]+"))) << line;
    }
  }

  node::test::TempFolder folder_;
  sim::Observer observer_;
  std::unique_ptr<sim::Shell> shell_;
  std::unique_ptr<sim::Network> network_;
  sim::Host server_, machine_;
  boot::NetworkOptions options_;
  std::string said_;
};

TEST_F(HostileDhcp, OptionsAreNeverRunAndALeaseStillComes) {
  constexpr int kRounds = 4;
  std::map<std::string, std::uint64_t> counts = {{"leases", 0}};
  for (int round = 0; round < kRounds; ++round) {
    auto server = attack(round, false);
    const auto up = bring_up(seconds(10));
    expect_harmless();
    (void)must(server->stop(seconds(10)));
    for (const char* kind : {"answer", "substitution", "backquotes", "newline", "255-bytes"}) {
      counts[kind] += delivered(*server, kind);
    }
    // What cannot be parsed at all is no answer; whoever gets a lease gets the true address.
    if (!up) {
      EXPECT_EQ(up.error().code, ErrorCode::kNoDhcp) << up.error().detail;
      continue;
    }
    counts["leases"] += 1;
    EXPECT_EQ(boot::ipv4_text(up->address), "10.77.1.50") << replay_command();
    EXPECT_TRUE(up->mtu == 0 || up->mtu >= 576) << up->mtu;
  }
  for (const auto& [kind, count] : counts) {
    std::printf("%s %llu\n", kind.c_str(), static_cast<unsigned long long>(count));
    EXPECT_GT(count, 0U) << kind << "; " << replay_command();
  }
}

TEST_F(HostileDhcp, ALeaseThatLiesIsRefusedAndAnHonestServerElsewhereIsTaken) {
  auto server = attack(100, true);
  const auto alone = bring_up(seconds(12));
  expect_harmless();
  if (alone) {
    // A lie may be a lease that can be used: never one with another address than it named.
    EXPECT_EQ(boot::ipv4_text(alone->address), "10.77.1.50") << replay_command();
  } else {
    EXPECT_EQ(alone.error().code, ErrorCode::kNoDhcp) << alone.error().detail;
  }

  const auto honest = must(network_->add_host("honest", "10.77.2.1"));
  must(sim::run_commands({{"ip", "link", "add", "eth1", "netns", machine_.name, "type", "veth",
                           "peer", "name", "eth1", "netns", honest.name},
                          {"ip", "-n", honest.name, "addr", "add", "10.77.200.1/24", "dev", "eth1"},
                          {"ip", "-n", honest.name, "link", "set", "eth1", "up"}}));
  sim::ProcessOptions dnsmasq;
  dnsmasq.netns = honest.name;
  dnsmasq.argv = {"dnsmasq", "-k", "--conf-file=/dev/null", "--port=0", "--interface=eth1",
                  "--bind-interfaces", "--user=root", "--pid-file=", "--no-ping", "--log-dhcp",
                  "--log-facility=-", "--dhcp-authoritative", "--dhcp-leasefile=" +
                  folder_.path() + "/leases", "--dhcp-range=10.77.200.50,10.77.200.59,1h"};
  auto running = must(sim::Process::start(std::move(dnsmasq)));
  (void)must(running->wait_for_line("IP range", seconds(20)));
  // Whoever leases something usable first is taken: the liar by chance now and then, the honest one
  // where it lies.
  bool honest_taken = false;
  for (int attempt = 0; attempt < 5 && !honest_taken; ++attempt) {
    const auto up = bring_up(seconds(40));
    expect_harmless();
    ASSERT_TRUE(up.ok()) << up.error().detail << "\n" << said_;
    const auto address = boot::ipv4_text(up->address);
    honest_taken = address.starts_with("10.77.200.5");
    EXPECT_TRUE(honest_taken || address == "10.77.1.50") << address << "; " << replay_command();
  }
  EXPECT_TRUE(honest_taken) << said_ << replay_command();
  (void)must(server->stop(seconds(10)));
  EXPECT_GT(delivered(*server, "answer"), 0U) << replay_command();
}

}  // namespace
}  // namespace phase::hostile_test
