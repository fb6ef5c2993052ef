// tests/unit/boot/machine/sysctl_test.cc
// Goal: exactly the settings that a mode needs are written, everywhere they hold, and one that
// cannot be written is an error. Method: values, and a folder in the place of /proc/sys. What they
// do to packets: tests/integration/on_link_test.cc.
#include "boot/machine/sysctl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace phase::boot {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SysctlTest : public ::testing::Test {
 protected:
  SysctlTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "phase-sysctl-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~SysctlTest() override { std::filesystem::remove_all(root_); }
  void make(const std::vector<Sysctl>& settings) const {
    for (const auto& setting : settings) {
      const auto path = std::filesystem::path(root_) / setting.path;
      std::filesystem::create_directories(path.parent_path());
      std::ofstream file(path);
    }
  }
  [[nodiscard]] std::string read(const std::string& path) const {
    std::ostringstream out;
    out << std::ifstream(root_ + "/" + path).rdbuf();
    return out.str();
  }
  std::string root_;
};

TEST_F(SysctlTest, WithoutARuleNothingIsWritten) {
  EXPECT_THAT(host_sysctls({}), IsEmpty());
  EXPECT_THAT(interface_sysctls({}, "eth0"), IsEmpty());
}

TEST_F(SysctlTest, TheRulesOfAHostHoldForInterfacesThatComeLater) {
  const LinkRules rules{.only_on_link = true, .anonymous = true};
  const auto settings = host_sysctls(rules);
  make(settings);
  const auto written = write_sysctls(settings, root_);
  ASSERT_TRUE(written.ok()) << written.error().detail;
  EXPECT_EQ(read("net/ipv4/ip_default_ttl"), "1");
  for (const std::string conf : {"default", "all"}) {
    EXPECT_EQ(read("net/ipv6/conf/" + conf + "/accept_ra_defrtr"), "0");
    EXPECT_EQ(read("net/ipv6/conf/" + conf + "/hop_limit"), "1");
    EXPECT_EQ(read("net/ipv6/conf/" + conf + "/addr_gen_mode"), "3");
    EXPECT_EQ(read("net/ipv4/conf/" + conf + "/accept_redirects"), "0");
  }
}

TEST_F(SysctlTest, AnInterfaceGetsItsOwn) {
  const auto settings = interface_sysctls({.only_on_link = false, .anonymous = true}, "eth7");
  ASSERT_EQ(settings.size(), 1u);
  EXPECT_EQ(settings[0].path, "net/ipv6/conf/eth7/addr_gen_mode");
  const auto on_link = interface_sysctls({.only_on_link = true, .anonymous = false}, "eth7");
  EXPECT_TRUE(std::all_of(on_link.begin(), on_link.end(), [](const Sysctl& setting) {
    return setting.path.find("/conf/eth7/") != std::string::npos;
  }));
}

// One setting that cannot be written is a hole in the promise, unless the kernel has nothing to
// set.
TEST_F(SysctlTest, WhatIsMissingIsAnErrorUnlessItIsOptional) {
  const auto settings = interface_sysctls({.only_on_link = true, .anonymous = false}, "eth0");
  std::size_t optional = 0;
  for (const auto& missing : settings) {
    make(settings);
    std::filesystem::remove(root_ + "/" + missing.path);
    const auto written = write_sysctls(settings, root_);
    optional += missing.optional ? 1 : 0;
    EXPECT_EQ(written.ok(), missing.optional) << missing.path;
    if (!written.ok()) {
      EXPECT_THAT(written.error().detail, HasSubstr(missing.path));
    }
  }
  EXPECT_EQ(optional, 2u);
}

TEST_F(SysctlTest, AKernelWithoutIpv6NeedsNoneOfItsRules) {
  const auto settings = host_sysctls({.only_on_link = true, .anonymous = true});
  make(settings);
  std::filesystem::remove_all(root_ + "/net/ipv6");
  const auto written = write_sysctls(settings, root_);
  EXPECT_TRUE(written.ok()) << written.error().detail;
  EXPECT_EQ(read("net/ipv4/ip_default_ttl"), "1");
}

}  // namespace
}  // namespace phase::boot
