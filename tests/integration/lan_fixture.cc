#include "tests/integration/lan_fixture.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sim/must.h"

namespace phase::lan_test {
namespace {

/// Everybody may say everything: the bus belongs to one simulated host.
constexpr const char* kBusConfig = R"(<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow receive_sender="*" eavesdrop="true"/>
  </policy>
</busconfig>
)";

constexpr const char* kDaemonConfig = R"([server]
host-name=HOST
use-ipv4=yes
use-ipv6=yes
[publish]
publish-hinfo=no
publish-workstation=no
[rlimits]
)";

std::string with(std::string text, const std::string& what, const std::string& value) {
  return text.replace(text.find(what), what.size(), value);
}

}  // namespace

void LanTest::SetUp() {
  network_ = sim::must(sim::Network::create());
  const char* folder = std::getenv("TMPDIR");
  scratch_ = std::string(folder) + "/" +
             testing::UnitTest::GetInstance()->current_test_info()->name();
  std::filesystem::create_directories(scratch_);
  // Programs that give up root's rights still find what lies in it.
  ::chmod(folder, 0755);
  ::chmod(scratch_.c_str(), 0755);
}

void LanTest::TearDown() {
  buses_.clear();
  network_.reset();
}

Host LanTest::host(const std::string& name) {
  return sim::must(network_->add_host(name, "10.77.3." + std::to_string(++hosts_)));
}

std::vector<std::string> LanTest::environment(const Host& host) const {
  // Without a bus, one that is not there: never this machine's.
  return {"DBUS_SYSTEM_BUS_ADDRESS=unix:path=" + scratch_ + "/" + host.name + ".bus"};
}

void LanTest::start_bus(const Host& host) {
  const std::string config = scratch_ + "/" + host.name + ".bus.conf";
  std::ofstream(config) << with(kBusConfig, "SOCKET", scratch_ + "/" + host.name + ".bus");
  std::filesystem::remove(scratch_ + "/" + host.name + ".bus");
  sim::ProcessOptions options;
  options.argv = {"dbus-daemon", "--config-file=" + config, "--nofork", "--nopidfile",
                  "--nosyslog", "--print-address"};
  options.netns = host.name;
  auto bus = sim::must(Process::start(std::move(options)));
  expect_line(*bus, "unix:path=", seconds(10));
  buses_[host.name] = std::move(bus);
}

Running LanTest::start_daemon(const Host& host) {
  const std::string config = scratch_ + "/" + host.name + ".avahi.conf";
  std::ofstream(config) << with(kDaemonConfig, "HOST", "the-" + host.name);
  sim::ProcessOptions options;
  // Its folder under /run has a fixed name: each host gets its own.
  options.argv = {"unshare", "--mount", "sh", "-c",
                  "mkdir -p /run/avahi-daemon && mount -t tmpfs tmpfs /run/avahi-daemon && "
                  "exec avahi-daemon --no-rlimits --no-drop-root --no-chroot --no-proc-title "
                  "-f " + config};
  options.netns = host.name;
  options.environment = environment(host);
  auto daemon = sim::must(Process::start(std::move(options)));
  expect_line(*daemon, "Server startup complete", seconds(20));
  return daemon;
}

Running LanTest::node(const Host& host, const std::vector<std::string>& options) {
  std::vector<std::string> argv{std::string(PHASE_PROGRAMS) + "/phase-lan-node", PHASE_PROGRAMS};
  argv.insert(argv.end(), options.begin(), options.end());
  return run(host, argv);
}

Running LanTest::run(const Host& host, const std::vector<std::string>& argv) {
  sim::ProcessOptions options;
  options.argv = argv;
  options.netns = host.name;
  options.environment = environment(host);
  return sim::must(Process::start(std::move(options)));
}

void LanTest::wait_for_silence(const Host& host) {
  auto heard = run(host, {"tcpdump", "-l", "-n", "-i", "eth0", "udp port 5353"});
  expect_line(*heard, "listening on", seconds(10));
  for (int packets = 0; packets < 200; ++packets) {
    if (!heard->wait_for_line(" > ", milliseconds(1500), lines_so_far(*heard))) return;
  }
  ADD_FAILURE() << "the link does not fall silent:\n" << heard->last_lines(10);
}

std::string expect_line(Process& process, const std::string& pattern, milliseconds timeout,
                        std::uint64_t from) {
  const auto match = process.wait_for_line(".*" + pattern + ".*", timeout, from);
  EXPECT_TRUE(match.ok()) << process.name() << ": no line with \"" << pattern << "\":\n"
                          << process.last_lines(30);
  return match.ok() ? match->groups.front() : std::string{};
}

long ms_of(const std::string& line) { return line.empty() ? -1 : std::atol(line.c_str()); }

std::uint64_t lines_so_far(Process& process) { return process.lines_matching("").size(); }

}  // namespace phase::lan_test
