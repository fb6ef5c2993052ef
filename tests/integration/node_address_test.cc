// Goal: a node whose address is replaced while it runs serves at the new one. Method: a real plasmd
// in a private DHT, alone with the release; its host is given another address, as by a lease or
// another Wi-Fi, and loses the old one.
#include <gmock/gmock.h>

#include "node_fixture.h"
#include "sim/command.h"

namespace phase::node::test {
namespace {

using std::chrono::minutes;
using testing::Contains;
using testing::StartsWith;

constexpr const char* kNew = "10.77.3.201";

TEST_F(Nodes, ItsAddressIsReplacedAndOthersFetchFromTheNewOne) {
  const std::uint64_t version = publish();
  must(world().start_publisher());
  auto* node = must(world().start_provider(
      with_bootstrap({"plasmd", "serve", "-a", folder() + "/node", "--follow", follow()})));
  must(node->wait_for_line("^serving .*version=1 ", minutes(2)));
  must(world().stop_publisher());

  const std::string old = world().provider_address(0);
  must(sim::run_commands({{"ip", "address", "add", std::string(kNew) + "/16", "dev", "eth0"},
                          {"ip", "address", "del", old + "/16", "dev", "eth0"},
                          // The rest of the net goes with the first address where it was the main one.
                          {"ip", "address", "replace", std::string(kNew) + "/16", "dev", "eth0"}},
                         "provider1"));
  must(node->wait_for_line("^listening peer=" + std::string(kNew) + ":6881$", minutes(1)));
  const auto report = fetch();

  ASSERT_EQ(report["exit"], 0) << report.dump(2);
  EXPECT_EQ(report["version"], version);
  std::vector<std::string> gave;
  for (const auto& source : report["sources"]) {
    if (source["bytes"].get<std::uint64_t>() > 0) gave.push_back(source["peer"]);
  }
  EXPECT_THAT(gave, Contains(StartsWith(std::string(kNew) + ":"))) << report.dump(2);
  EXPECT_THAT(gave, testing::Not(Contains(StartsWith(old + ":"))));
  const auto listening = status("provider1")["listening"]["peer"];
  EXPECT_EQ(listening, nlohmann::json::array({std::string(kNew) + ":6881"})) << listening;
}

}  // namespace
}  // namespace phase::node::test
