// Goal: a frame is named for what it is, and no length in it is believed. Method: frames written
// by hand after their RFCs, whole and cut at every byte.
#include "sim/packet.h"

#include <gtest/gtest.h>

namespace phase::sim {
namespace {

constexpr const char* kEthernet4 = "ffffffffffff5254007700010800";
constexpr const char* kEthernet6 = "3333000000165254007700" "0186dd";

Packet packet(const std::string& hex) {
  auto bytes = from_hex(hex);
  EXPECT_TRUE(bytes.has_value()) << hex;
  return decode_packet(1.5, bytes.value_or(Bytes{}));
}

// IPv4 of 30 bytes: UDP from 10.78.1.5 port 6881 to 10.78.1.1 port 53, payload "ab".
const std::string kDns = std::string(kEthernet4) +
                         "4500001e000040004011" "0000" "0a4e0105" "0a4e0101"
                         "1ae10035000a0000" "6162";

TEST(Packet, DecodesUdpWithoutEthernetsPadding) {
  const auto udp = packet(kDns + "00000000000000000000000000000000");
  EXPECT_EQ(udp.source_mac, "52:54:00:77:00:01");
  EXPECT_EQ(udp.destination_mac, "ff:ff:ff:ff:ff:ff");
  EXPECT_EQ(udp.source, "10.78.1.5");
  EXPECT_EQ(udp.destination, "10.78.1.1");
  EXPECT_EQ(udp.source_port, 6881);
  EXPECT_EQ(udp.destination_port, 53);
  EXPECT_EQ(udp.hop_limit, 64);
  EXPECT_EQ(as_text(udp.payload()), "ab");
  EXPECT_EQ(udp.kind(), "DNS");
  EXPECT_EQ(udp.text(), "DNS 10.78.1.5 port 6881 > 10.78.1.1 port 53, 2 bytes");
}

TEST(Packet, FindsBytesWithAndWithoutTheEthernetHeader) {
  const auto udp = packet(kDns);
  const auto mac = from_hex("525400770001");
  EXPECT_TRUE(udp.contains(*mac));
  EXPECT_FALSE(udp.contains_behind_ethernet(*mac));
  EXPECT_TRUE(udp.contains_behind_ethernet(as_bytes("ab")));
}

TEST(Packet, DecodesTcpBehindOptions) {
  // Data offset 8: twelve bytes of options, then "x".
  const auto tcp = packet(std::string(kEthernet4) + "45000035000040004006" "0000" "0a4e0105" "0a4d0301"
                          "c0001f90" "00000001" "00000002" "80100100" "00000000"
                          "0101080a0000000000000000" "78");
  EXPECT_EQ(tcp.kind(), "TCP");
  EXPECT_EQ(tcp.destination_port, 8080);
  EXPECT_EQ(as_text(tcp.payload()), "x");
}

TEST(Packet, NamesArpDhcpAndMulticastDns) {
  EXPECT_EQ(packet("ffffffffffff5254007700010806" "0001080006040001" "525400770001" "00000000"
                   "000000000000" "0a4e0101").kind(), "ARP request");
  const std::string fixed(2 * 236, '0');
  // 28 + 240 + 4 = 272 bytes.
  EXPECT_EQ(packet(std::string(kEthernet4) + "45000110000040004011" "0000" "00000000" "ffffffff"
                   "0044004300fc0000" + fixed + "63825363" "350101ff").kind(), "DHCP discover");
  EXPECT_EQ(packet(std::string(kEthernet4) + "4500001e00004000ff11" "0000" "0a4e0105" "e00000fb"
                   "14e914e9000a0000" "6162").kind(), "mDNS");
}

TEST(Packet, LooksBehindIpv6ExtensionHeaders) {
  const auto report = packet(std::string(kEthernet6) + "60000000" "0010" "00" "01"
                             "fe800000000000005054" "00fffe770001" "ff020000000000000000000000000016"
                             "3a00050200000100" "8f00000000000000");
  EXPECT_EQ(report.kind(), "ICMPv6 MLDv2 report");
  EXPECT_EQ(report.destination, "ff02::16");
}

TEST(Packet, CallsWhatNobodyThoughtOfUnknown) {
  EXPECT_EQ(packet("ffffffffffff52540077000188cc0000").kind(), "unknown ether type 35020");
  EXPECT_EQ(packet(std::string(kEthernet4) + "45000014000040004084" "0000" "0a4e0105" "0a4e0101").kind(),
            "unknown IP protocol 132");
  EXPECT_EQ(packet("00").kind(), "unknown ether type 0");
}

TEST(Packet, SurvivesBeingCutAnywhere) {
  const auto whole = *from_hex(kDns);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto cut = decode_packet(0, Bytes(whole.begin(), whole.begin() + static_cast<long>(size)));
    EXPECT_TRUE(cut.source.empty()) << size;
    EXPECT_LE(cut.payload().size(), size);
    EXPECT_FALSE(cut.text().empty());
  }
}

TEST(Packet, CountsKinds) {
  EXPECT_EQ(count_kinds({packet(kDns), packet("00"), packet(kDns)}), "DNS 2, unknown ether type 0 1");
}

}  // namespace
}  // namespace phase::sim
