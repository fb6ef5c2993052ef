// Goal: the main job. A machine that knows one key and a way into a DHT boots the release that
// was published, from two providers that it was never told of, after the publisher is gone.
// Method: the demo's steps on a real kernel; what the second system reports is the proof.
#include <set>

#include "scene.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;

class Boot : public Scene {};

TEST_F(Boot, BootsFromTwoProvidersWithNoFixedOne) {
  PublishChoice choice;
  choice.command_line = "panic=30 test.word=second-system";
  const auto version = publish(choice);
  must(world().start_follower(kit().public_key));
  must(world().start_follower(kit().public_key));
  must(world().await_followers(version));
  must(world().stop_publisher());

  auto machine = must(world().power_on(kit()));
  const auto boot = must(watch_boot(shell(), *machine, minutes(5)));

  must(check_boot(boot, version, kit().public_key));
  EXPECT_NE(boot.second_command_line.find("test.word=second-system"), std::string::npos)
      << boot.second_command_line;
  std::set<std::string> sent;
  for (const auto& source : boot.before.sources) {
    if (source.bytes > 0) sent.insert(source.peer.substr(0, source.peer.rfind(':')));
  }
  EXPECT_EQ(sent, (std::set<std::string>{world().provider_address(0), world().provider_address(1)}));
  EXPECT_TRUE(boot.before.refusals.empty()) << boot.before.refusals.front();
}

}  // namespace
}  // namespace phase::sim
