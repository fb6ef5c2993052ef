// What can be said without loading anything; the virtual machines load real modules.
#include "boot/machine/modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace phase::boot {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ModulesTest : public ::testing::Test {
 protected:
  ModulesTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "phase-modules-XXXXXX").string();
    root_ = mkdtemp(pattern.data());
  }
  ~ModulesTest() override { std::filesystem::remove_all(root_); }

  /// depmod's index format with no entry: magic, version 2.1, no root node.
  void write_empty_indexes() const {
    const std::string empty("\xb0\x07\xf4\x57\x00\x02\x00\x01\x00\x00\x00\x00", 12);
    for (const char* name : {"dep", "alias", "symbols", "builtin", "builtin.alias"}) {
      std::ofstream(root_ + "/modules." + name + ".bin", std::ios::binary) << empty;
    }
  }

  std::string root_;
};

TEST_F(ModulesTest, AFolderWithoutModulesIsNotFound) {
  const auto modules = Modules::open(root_);
  ASSERT_FALSE(modules.ok());
  EXPECT_EQ(modules.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(modules.error().detail, HasSubstr("modules.dep.bin"));
}

TEST_F(ModulesTest, AModuleThatIsNotThereIsNamedAndIsNoFailureOfTheRest) {
  write_empty_indexes();
  auto modules = Modules::open(root_);
  ASSERT_TRUE(modules.ok()) << modules.error().detail;
  ModulesReport report;
  const auto done = modules->load("no_such_module", report);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(done.error().detail, HasSubstr("no_such_module"));
  EXPECT_THAT(report.loaded, IsEmpty());
  EXPECT_THAT(report.failures, IsEmpty());
}

TEST_F(ModulesTest, HardwareThatNobodyClaimsIsNoFailure) {
  write_empty_indexes();
  const std::string device = root_ + "/sys/bus/pci/devices/0000:00:01.0";
  std::filesystem::create_directories(device);
  std::ofstream(device + "/modalias") << "pci:v00001AF4d00001000sv*\n";
  std::filesystem::create_directories(root_ + "/sys/bus/usb/devices/without-modalias");
  auto modules = Modules::open(root_);
  ASSERT_TRUE(modules.ok());
  ModulesReport report;
  modules->load_for_hardware(report, root_ + "/sys");
  EXPECT_THAT(report.loaded, IsEmpty());
  EXPECT_THAT(report.failures, IsEmpty());
}

}  // namespace
}  // namespace phase::boot
