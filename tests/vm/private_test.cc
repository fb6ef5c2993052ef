// Goal: in private mode a machine tells nothing that is not needed to fetch, and leaves every disk
// as it is. Method: a capture of all that the machine sends, from before it is switched on until
// the system that it booted has said that it stays silent. Every packet falls into a class that is
// allowed here (docs/PRIVACY.md explains each), or fails the test; hashes of a disk with a cache.
#include <gmock/gmock.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "disk_scene.h"
#include "sim/capture.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;

/// Of World's first machine.
constexpr const char* kMac = "52:54:00:77:00:01";
constexpr std::string_view kMacBytes{"\x52\x54\x00\x77\x00\x01", 6};
/// What RFC 4291 makes of it, in an IPv6 address: its half that is the interface id.
constexpr std::string_view kEui64{"\x50\x54\x00\xff\xfe\x77\x00\x01", 8};
/// Requests, and what BitTorrent says before; a piece sent to anybody would be larger.
constexpr std::uint64_t kMostSent = 256 * 1024;
constexpr std::size_t kDhcpOptions = 240, kChaddr = 28, kChaddrSize = 6;

class PrivateMode : public DiskScene {};

bool has(ByteView where, std::string_view what) {
  const ByteView wanted = as_bytes(what);
  return std::search(where.begin(), where.end(), wanted.begin(), wanted.end()) != where.end();
}

std::vector<int> dhcp_options(ByteView message) {
  std::vector<int> options;
  for (std::size_t at = kDhcpOptions; at + 1 < message.size() && message[at] != 255;) {
    if (message[at] != 0) options.push_back(message[at]);
    at += message[at] == 0 ? 1 : std::size_t{2} + message[at + 1];
  }
  return options;
}

/// The MAC may stand in the Ethernet header, in ARP, in ND's link-layer address option and in
/// DHCP's chaddr: without them no packet would come back.
void expect_no_mac(const Packet& packet) {
  EXPECT_FALSE(packet.contains_behind_ethernet(as_bytes(kEui64))) << packet.text();
  const std::string kind = packet.kind();
  if (kind.starts_with("ARP ") || kind.starts_with("ICMPv6 ")) return;
  Bytes rest(packet.bytes.begin() + 14, packet.bytes.end());
  if (kind.starts_with("DHCP ")) {
    const auto chaddr = rest.begin() + static_cast<long>(packet.payload_begin - 14 + kChaddr);
    std::fill(chaddr, chaddr + kChaddrSize, std::uint8_t{0});
  }
  EXPECT_FALSE(has(rest, kMacBytes)) << packet.text();
}

/// Message type, requested address, server, size, wanted options; no name (12, 81), vendor (60) or
/// client id (61).
void expect_plain_dhcp(const Packet& packet) {
  EXPECT_THAT(dhcp_options(packet.payload()), testing::Each(testing::AnyOf(53, 50, 54, 57, 55)));
}

void expect_read_only_dht(const Packet& packet) {
  const ByteView message = packet.payload();
  EXPECT_FALSE(has(message, "announce_peer")) << packet.text();
  EXPECT_FALSE(has(message, "1:q3:put")) << packet.text();
  EXPECT_TRUE(has(message, "2:roi1e") || !has(message, "1:y1:q")) << packet.text();
  // BEP 5's version: libtorrent's, which every program built on it sends and none can change.
  EXPECT_TRUE(has(message, "1:v4:LT") || !has(message, "1:v")) << packet.text();
}

void expect_no_client_name(const Packet& packet) {
  for (const char* name : {"-LT", "-PH", "libtorrent", "phase", "User-Agent"}) {
    // The torrent's own name is in what others send; what this machine asks for needs no name.
    EXPECT_FALSE(has(packet.payload(), name)) << name << ": " << packet.text();
  }
}

using PacketCheck = void (*)(const Packet&);
/// What a machine in private mode may send, and what is checked of each.
const std::map<std::string, PacketCheck>& allowed() {
  static const std::map<std::string, PacketCheck> classes = {
      {"ARP request", nullptr},
      {"ARP reply", nullptr},
      {"DHCP discover", expect_plain_dhcp},
      {"DHCP request", expect_plain_dhcp},
      {"ICMPv6 router solicitation", nullptr},
      {"ICMPv6 neighbour solicitation", nullptr},
      {"ICMPv6 neighbour advertisement", nullptr},
      {"ICMPv6 MLDv2 report", nullptr},
      {"ICMP unreachable", nullptr},
      {"UDP", expect_read_only_dht},
      {"TCP", expect_no_client_name}};
  return classes;
}

TEST_F(PrivateMode, TellsNothingAndLeavesTheDisksAsTheyAre) {
  const auto version = publish();
  must(world().start_follower(kit().public_key));
  must(world().await_followers(version));
  // The release is there, and newer than nothing: a machine in another mode would use it.
  const Disk disk = make_disk("disk", make_cache(true));
  const auto before = must(disk.sha256());

  PowerOnChoice choice;
  choice.tap = must(world().network().add_tap("private0"));
  choice.disks = {{disk.path(), "", false}};
  choice.more_command_line = "phase.mode=private";
  auto capture = must(Capture::start({choice.tap, "", scratch() + "/private.pcap"}));
  auto machine = power_on_once(choice);
  const auto report = must(watch_first_report(shell(), *machine, minutes(4)));
  EXPECT_EQ(report.stage, "boot") << report.error << ": " << report.detail;
  EXPECT_EQ(report.version, version);
  (void)must(machine->wait_for_line("booted in mode private", minutes(2)));
  must(machine->cut_power());
  auto packets = must(capture->stop());

  EXPECT_EQ(must(disk.sha256()), before);
  EXPECT_TRUE(machine->lines_matching("vd[a-z]").empty()) << "a disk was found";
  EXPECT_TRUE(machine->lines_matching("plasmd: ").empty()) << "a provider was started";
  std::erase_if(packets, [](const Packet& packet) { return packet.source_mac != kMac; });
  std::cout << "sent: " << count_kinds(packets) << "\n";
  std::map<std::string, std::uint64_t> bytes;
  for (const auto& packet : packets) {
    const auto found = allowed().find(packet.kind());
    ASSERT_NE(found, allowed().end()) << "a packet that nobody explained: " << packet.text();
    bytes[packet.kind()] += packet.payload().size();
    expect_no_mac(packet);
    EXPECT_FALSE(has(packet.bytes, "\xff\x02" + std::string(12, '\0') + std::string("\0\xfb", 2)))
        << "it joins the group of mDNS: " << packet.text();
    if (found->second != nullptr) found->second(packet);
  }
  for (const char* kind : {"DHCP discover", "UDP", "TCP"}) EXPECT_GT(bytes[kind], 0u) << kind;
  EXPECT_LT(bytes["TCP"], kMostSent) << "it uploads";
}

}  // namespace
}  // namespace phase::sim
