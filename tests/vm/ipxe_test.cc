// Goal: a machine without any disk boots a release by nothing but its network card's ROM and one
// line in somebody's DHCP server: /boot.ipxe of a provider starts the init client, and the client
// finds, verifies and starts the release. Method: QEMU's own iPXE ROM, a real dnsmasq with the line
// of docs/CLIENTS.md; the client is served as the channel `client`.
#include <fstream>
#include <regex>
#include <sstream>

#include "scene.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kPublisherAddress = "10.77.2.1";

class NetworkBoot : public Scene {
 protected:
  void SetUp() override {
    Scene::SetUp();
    lan_ = must(world().network().add_lan("office"));
  }
  /// The option of dnsmasq that docs/CLIENTS.md gives, for our publisher.
  static std::string line_of_the_page() {
    std::ifstream file(PHASE_SOURCE_DIR "/docs/CLIENTS.md");
    std::ostringstream page;
    page << file.rdbuf();
    const std::string text = page.str();
    std::smatch line;
    if (!std::regex_search(text, line, std::regex("```dnsmasq\n(dhcp-boot=[^\n]+)\n```"))) {
      throw std::runtime_error("docs/CLIENTS.md has no dhcp-boot line");
    }
    return std::regex_replace(line[1].str(), std::regex("192\\.0\\.2\\.1"), kPublisherAddress);
  }
  void start_dhcp() {
    ProcessOptions server;
    server.netns = lan_.router.name;
    server.on_line = [](std::string_view line) { shell().observer().output("dhcp", line); };
    server.argv = {
        "dnsmasq",
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--log-facility=-",
        "--log-dhcp",
        "--user=root",
        "--pid-file=",
        "--no-ping",
        "--interface=eth0",
        "--bind-interfaces",
        "--no-resolv",
        "--no-hosts",
        "--dhcp-authoritative",
        "--dhcp-leasefile=" + scratch() + "/leases",
        "--dhcp-range=" + lan_.address(100) + "," + lan_.address(199) + ",255.255.255.0,1h",
        "--" + line_of_the_page()};
    dhcp_ = must(Process::start(std::move(server)));
    must(dhcp_->wait_for_line("DHCP, IP range", seconds(10)));
  }
  /// Publishes the init client as docs/CLIENTS.md says it, into the store that is served.
  void publish_client() {
    (void)must(shell().run(
        "publisher",
        {"plasmd", "publish", "-a", world().publisher_store(), "--secret-key", kit().secret_key,
         "--channel", "client", "--arch", "x86_64", "--kernel", kit().kernel.vmlinuz, "--initramfs",
         kit().client_initramfs, "--cmdline", world().machine_command_line(kit().public_key)}));
    must(world().publisher()->wait_for_line("^serving channel=client ", minutes(1)));
  }
  std::unique_ptr<Machine> switch_on() {
    MachineOptions options;
    options.tap = must(world().network().add_tap(lan_, "office1"));
    options.memory_mib = 768;
    options.console_log = shell().logs() + "/ipxe-machine.log";
    options.on_line = [](std::string_view line) { shell().observer().output("machine", line); };
    return must(Machine::power_on(std::move(options)));
  }

  Lan lan_;
  std::unique_ptr<Process> dhcp_;
};

TEST_F(NetworkBoot, ARomAndOneLineOfDhcpBootTheRelease) {
  PublishChoice choice;
  choice.command_line = "panic=30 test.word=by-network";
  const auto version = publish(choice);
  publish_client();
  start_dhcp();

  auto machine = switch_on();
  const auto boot = watch_boot(shell(), *machine, minutes(5));

  ASSERT_TRUE(boot.ok()) << boot.error().detail << "\n"
                         << machine->last_lines(80) << "\n"
                         << dhcp_->last_lines(40);
  EXPECT_EQ(boot->up.version, version);
  EXPECT_NE(boot->second_command_line.find("test.word=by-network"), std::string::npos)
      << boot->second_command_line;
  EXPECT_EQ(machine->lines_matching("Linux version ").size(), 2U)
      << "the client's kernel, by iPXE, then the release's, by kexec";
  EXPECT_FALSE(
      machine->lines_matching("Command line: initrd=initramfs BOOTIF=01-52-54-00-").empty())
      << machine->last_lines(60);
}

}  // namespace
}  // namespace phase::sim
