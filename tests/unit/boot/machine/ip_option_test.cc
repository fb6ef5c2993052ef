#include "boot/machine/ip_option.h"

#include <gtest/gtest.h>

namespace phase::boot {
namespace {

TEST(IpOption, ReadsTheKernelsWholeForm) {
  const auto ip = parse_ip_option(
      "192.168.7.20:192.168.7.1:192.168.7.254:255.255.255.128:host:eth1:off:9.9.9.9:1.1.1.1");
  ASSERT_TRUE(ip.ok());
  EXPECT_EQ(ip->method, IpOption::Method::kStatic);
  EXPECT_EQ(ipv4_text(ip->address), "192.168.7.20");
  EXPECT_EQ(ipv4_text(ip->gateway), "192.168.7.254");
  EXPECT_EQ(ip->prefix, 25);
  EXPECT_EQ(ip->device, "eth1");
  ASSERT_EQ(ip->dns.size(), 2U);
  EXPECT_EQ(ipv4_text(ip->dns[1]), "1.1.1.1");
}

TEST(IpOption, ShortFormsAndDefaults) {
  EXPECT_EQ(parse_ip_option("dhcp")->method, IpOption::Method::kDhcp);
  EXPECT_EQ(parse_ip_option("on")->method, IpOption::Method::kDhcp);
  EXPECT_EQ(parse_ip_option("off")->method, IpOption::Method::kOff);
  EXPECT_EQ(parse_ip_option("none")->method, IpOption::Method::kOff);
  const auto by_device = parse_ip_option(":::::eth7:dhcp");
  EXPECT_EQ(by_device->method, IpOption::Method::kDhcp);
  EXPECT_EQ(by_device->device, "eth7");
  EXPECT_EQ(parse_ip_option("::::::off")->method, IpOption::Method::kOff);
  EXPECT_EQ(parse_ip_option("10.1.2.3")->method, IpOption::Method::kStatic);
  // The class's mask, as in the kernel.
  EXPECT_EQ(parse_ip_option("10.1.2.3::::::")->prefix, 8);
  EXPECT_EQ(parse_ip_option("172.16.0.9::::::")->prefix, 16);
  EXPECT_EQ(parse_ip_option("192.168.0.9::::::")->prefix, 24);
  EXPECT_FALSE(is_set(parse_ip_option("192.168.0.9::::::")->gateway));
}

TEST(IpOption, RefusesWhatIsNone) {
  for (const char* wrong :
       {"", "x", "1.2.3", "127.0.0.1", "224.0.0.1", "1.2.3.4:::255.0.255.0", "1.2.3.4:::0.0.0.0",
        "1.2.3.4::gw", "1.2.3.4:$(reboot)", "1.2.3.4::::a b", "1.2.3.4:::::eth0/../x",
        "1.2.3.4:::::abcdefghijklmnop", "1.2.3.4::::::bootp2", "1.2.3.4:::::::dns",
        "1.2.3.4:::::::::::", "1.2.3.4 ", "01.2.3.4x"}) {
    EXPECT_FALSE(parse_ip_option(wrong).ok()) << wrong;
  }
  EXPECT_FALSE(parse_ip_option(std::string(300, ':')).ok());
}

TEST(IpOption, BootInterfaceTakesBothForms) {
  EXPECT_EQ(mac_text(*parse_boot_interface("01-52-54-00-AB-cd-56")), "52:54:00:ab:cd:56");
  EXPECT_EQ(mac_text(*parse_boot_interface("52:54:00:ab:cd:56")), "52:54:00:ab:cd:56");
  for (const char* wrong : {"", "01-52-54-00-ab-cd", "52:54:00:ab:cd:5", "52-54-00-ab-cd-5g",
                            "06-52-54-00-ab-cd-56", "01-52-54-00-ab-cd-56-78", "525400abcd56"}) {
    EXPECT_FALSE(parse_boot_interface(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace phase::boot
