// Goal: a booted system says which release it is and follows the same publisher. Method: a /phase
// folder as the boot before leaves it; then one that somebody spoiled.
#include "boot/init/node_plan.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "boot/init/identities.h"
#include "boot/origin.h"
#include "boot/init/report.h"
#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

using testing::ElementsAre;

class NodePlanTest : public testing::Test {
 protected:
  void SetUp() override {
    BootReport report;
    report.stage = "boot";
    report.ok = true;
    report.version = 7;
    report.key = key_.hex();
    report.kernel = "as published";
    test::write_file(folder_ / kReportName, as_bytes(report_json(report)));
    write_origin();
    std::filesystem::permissions(folder_.path(), std::filesystem::perms{0755});
  }
  void write_origin(Mode mode = Mode::kInternet) {
    const Origin origin{.key = key_,
                        .channel = "stable",
                        .arch = "x86_64",
                        .mode = mode,
                        .bootstrap = {"10.0.0.1:6881", "10.0.0.2:6881"}};
    test::write_file(folder_ / kBootName, as_bytes(origin_json(origin)));
  }
  void expect_good(const Result<NodePlan>& plan) {
    ASSERT_TRUE(plan.ok()) << plan.error().detail;
    EXPECT_EQ(plan->follow, key_.hex() + "/stable/x86_64");
    EXPECT_THAT(plan->bootstrap, ElementsAre("10.0.0.1:6881", "10.0.0.2:6881"));
    ASSERT_TRUE(plan->report_line.starts_with(kReportPrefix));
    const auto json = nlohmann::json::parse(plan->report_line.substr(13));
    EXPECT_EQ(json["stage"], "up");
    EXPECT_EQ(json["version"], 7);
    EXPECT_EQ(json["key"], key_.hex());
    EXPECT_EQ(json["kernel"], "6.1.0-running");
  }

  PublicKey key_ = test::key(1).public_key();
  test::TempFolder folder_;
};

TEST_F(NodePlanTest, IsMadeFromWhatWasHandedOver) {
  expect_good(make_node_plan(folder_.path(), "6.1.0-running"));
}

TEST_F(NodePlanTest, ComesTheSameOutOfTheProcess) {
  ASSERT_EQ(::geteuid(), 0u) << "run as root, as deploy/test.sh does";
  expect_good(read_node_plan(folder_.path(), "6.1.0-running", kVerifierUid));
}

TEST_F(NodePlanTest, NothingHandedOverIsNamed) {
  const test::TempFolder empty;
  EXPECT_ERROR(make_node_plan(empty.path(), ""), ErrorCode::kNotFound);
  EXPECT_ERROR(read_node_plan(empty.path(), "", kVerifierUid), ErrorCode::kNotFound);
}

// "Nothing was handed over" would let a key on the command line decide, in whatever mode.
TEST_F(NodePlanTest, AMissingReportIsDamage) {
  std::filesystem::remove(folder_ / kReportName);
  EXPECT_ERROR(make_node_plan(folder_.path(), ""), ErrorCode::kMalformed);
}

TEST_F(NodePlanTest, ADamagedHandOverIsNamed) {
  ASSERT_EQ(::geteuid(), 0u) << "run as root, as deploy/test.sh does";
  test::write_file(folder_ / kReportName, as_bytes("{"));
  EXPECT_ERROR(make_node_plan(folder_.path(), ""), ErrorCode::kMalformed);
  EXPECT_ERROR(read_node_plan(folder_.path(), "", kVerifierUid), ErrorCode::kMalformed);
  SetUp();
  test::write_file(folder_ / kBootName, as_bytes("{\"key\":\"--help\"}"));
  EXPECT_FALSE(read_node_plan(folder_.path(), "", kVerifierUid).ok());
}

TEST_F(NodePlanTest, KeepsTheModeOfTheBootThatLedHere) {
  ASSERT_EQ(::geteuid(), 0u) << "run as root, as deploy/test.sh does";
  write_origin(Mode::kLocal);
  const auto local = read_node_plan(folder_.path(), "6.1.0-running", kVerifierUid);
  expect_good(local);
  EXPECT_EQ(local->mode, Mode::kLocal);
}

// Nothing of it is told, and none was handed over.
TEST_F(NodePlanTest, OfAPrivateBootThereIsNoReport) {
  ASSERT_EQ(::geteuid(), 0u) << "run as root, as deploy/test.sh does";
  write_origin(Mode::kPrivate);
  std::filesystem::remove(folder_ / kReportName);
  const auto plan = read_node_plan(folder_.path(), "6.1.0-running", kVerifierUid);
  ASSERT_TRUE(plan.ok()) << plan.error().detail;
  EXPECT_EQ(plan->mode, Mode::kPrivate);
  EXPECT_EQ(plan->report_line, "");
}

TEST(NodeArguments, AreThoseOfPlasmd) {
  EXPECT_THAT(node_arguments({.mode = Mode::kLocal,
                              .report_line = "",
                              .follow = "KEY/stable/x86_64",
                              .bootstrap = {"a:1", "b:2"},
                              .handed_over = false}),
              ElementsAre("serve", "-a", "/var/lib/phase", "-p", "8080", "--mode", "local",
                          "--dht-network", "auto", "--follow", "KEY/stable/x86_64", "--bootstrap",
                          "a:1", "--bootstrap", "b:2"));
  EXPECT_THAT(node_arguments({.mode = Mode::kInternet,
                              .report_line = "",
                              .follow = "KEY/stable/x86_64",
                              .bootstrap = {},
                              .handed_over = true}),
              ElementsAre("serve", "-a", "/var/lib/phase", "-p", "8080", "--mode", "internet",
                          "--dht-network", "auto", "--follow", "KEY/stable/x86_64", "--handed-over",
                          "/phase"));
}

}  // namespace
}  // namespace phase::boot
