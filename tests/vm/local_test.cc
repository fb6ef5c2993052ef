// Goal: in local mode nothing leaves the link, and what is on the link is enough; in internet mode
// what is near is fetched from nearby. Method: a LAN behind a router that gives itself as router
// and DNS server and forwards whatever it gets; captures at its uplink; a command line that names
// DHT nodes and a provider beyond it.
#include <gmock/gmock.h>

#include "lan_scene.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;

constexpr const char* kFarProvider = "phase.provider=http://10.77.2.1:8080";
/// What BitTorrent or HTTP may say before it sends a block.
constexpr std::uint64_t kTcpBytes = 64 * 1024;
/// Questions for the pointer under three salts and for providers, each put to 30 nodes twice (directly,
/// and by libtorrent's lookup, once more after 400 ms) and answered with 300 to 600 bytes: 118 to 147 KB.
constexpr std::uint64_t kDhtBytes = 192 * 1024;

class LocalMode : public LanScene {};
class Near : public LanScene {};

std::uint64_t payload_bytes(const std::vector<Packet>& packets, const std::string& kind,
                            const std::string& address) {
  std::uint64_t bytes = 0;
  for (const auto& packet : packets) {
    const bool ours = packet.source == address || packet.destination == address;
    if (ours && packet.kind() == kind) bytes += packet.payload().size();
  }
  return bytes;
}

TEST_F(LocalMode, BootsFromALanNodeWithTheUplinkUnplugged) {
  must(world().network().set_uplink_plugged(lan(), false));

  auto machine = power_on_home("local");
  const auto report = must(watch_first_report(shell(), *machine, minutes(3)));

  EXPECT_EQ(report.stage, "boot") << report.error << ": " << report.detail;
  EXPECT_EQ(report.version, version());
  expect_all_from_lan(report);
}

// Until the booted system, which is in local mode too, serves its link. The second machine differs
// in its mode alone: what the first one did not send can be seen.
TEST_F(LocalMode, SendsNothingOverTheUplink) {
  PowerOnChoice tempted;
  tempted.more_command_line = kFarProvider;
  auto sent = capture_at_uplink(true);
  auto machine = power_on_home("local", tempted);
  const auto boot = must(watch_boot(shell(), *machine, minutes(5)));
  (void)must(machine->wait_for_line("registered on the link", minutes(1)));
  must(machine->cut_power());
  const auto packets = must(sent->stop());
  EXPECT_TRUE(packets.empty()) << packets.size() << " packets left: " << count_kinds(packets)
                               << "; the first: " << packets.front().text();
  EXPECT_EQ(boot.up.version, version());
  EXPECT_EQ(boot.up.key, kit().public_key);
  expect_all_from_lan(boot.before);

  auto control = capture_at_uplink(true);
  auto other = power_on_home("internet", tempted);
  (void)must(other->wait_for_line("pointer: version", minutes(2)));
  EXPECT_FALSE(must(control->stop()).empty()) << "the capture sees nothing whatever is sent";
}

TEST_F(Near, NothingButThePointerCrossesTheUplink) {
  auto capture = capture_at_uplink(false);
  auto machine = power_on_home("internet");
  const auto report = must(watch_first_report(shell(), *machine, minutes(3)));
  must(machine->cut_power());
  const auto packets = must(capture->stop());

  EXPECT_EQ(report.stage, "boot") << report.error << ": " << report.detail;
  EXPECT_EQ(report.version, version());
  expect_all_from_lan(report);
  const auto tcp = payload_bytes(packets, "TCP", lan().uplink_address);
  const auto udp = payload_bytes(packets, "UDP", lan().uplink_address);
  std::cout << "over the uplink: " << count_kinds(packets) << "; payload: TCP " << tcp
            << " bytes, UDP " << udp << " bytes\n";
  EXPECT_GT(udp, 0u) << "it never asked the DHT";
  EXPECT_LT(tcp, kTcpBytes);
  EXPECT_LT(udp, kDhtBytes);
}

}  // namespace
}  // namespace phase::sim
