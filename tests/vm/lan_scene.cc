#include "lan_scene.h"

namespace phase::sim {

void LanScene::SetUp() {
  Scene::SetUp();
  version_ = publish();
  must(world().start_follower(kit().public_key));
  must(world().await_followers(version_));
  lan_ = must(world().add_lan("home"));
  (void)must(world().start_lan_node(lan_, "lan-node", kLanNode));
}

std::unique_ptr<Machine> LanScene::power_on_home(const std::string& mode, PowerOnChoice choice) {
  static int taps = 0;
  choice.tap = must(world().network().add_tap(lan_, "home" + std::to_string(++taps)));
  choice.more_command_line += " phase.mode=" + mode;
  return power_on_once(std::move(choice));
}

std::unique_ptr<Capture> LanScene::capture_at_uplink(bool only_sent) {
  const std::string file = scratch() + "/uplink" + std::to_string(++captures_) + ".pcap";
  return must(Capture::start({kUplink, lan_.router.name, file, only_sent}));
}

void LanScene::expect_all_from_lan(const MachineReport& report) const {
  std::uint64_t bytes = 0;
  for (const auto& source : report.sources) {
    EXPECT_EQ(source.peer.substr(0, source.peer.rfind(':')), lan_.address(kLanNode)) << source.how;
    bytes += source.bytes;
  }
  EXPECT_GT(bytes, 1'000'000u) << "nothing was fetched";
}

}  // namespace phase::sim
