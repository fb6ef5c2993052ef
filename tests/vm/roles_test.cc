// Goal: a machine in the field knows one key. Its owner lets that key grow into roles and loses the
// key; release and pointer keys are others from then on. Machine and provider find their way, with
// nothing done to them. Method: the owner's commands as he types them, a follower and a machine that
// were given the single key and nothing else, and a publisher that is gone when the machine starts.
#include <gmock/gmock.h>

#include "scene.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;

class Roles : public Scene {
 protected:
  /// Makes a key for `holder`: its public half.
  std::string make(const std::string& holder) {
    return must(make_key(shell(), scratch() + "/" + holder));
  }
  [[nodiscard]] std::string secret(const std::string& holder) const {
    return scratch() + "/" + holder + "/secret.key";
  }
  /// Root 2 of the kit's key: two of three sign roots, two of two releases, dora points.
  void grow_into_roles() {
    const std::string document = scratch() + "/2.root.dsse";
    const std::string alice = make("alice"), bob = make("bob"), carol = make("carol");
    must(shell().run("publisher",
                     {"plasmd", "trust", "init", "--grow", kit().public_key, "--root-key", alice,
                      "--root-key", bob, "--root-key", carol, "--root-threshold", "2",
                      "--release-key", alice, "--release-key", bob, "--release-threshold", "2",
                      "--pointer-key", make("dora"), "--out", document}));
    for (const std::string& key : {kit().secret_key, secret("alice"), secret("carol")}) {
      must(shell().run("publisher", {"plasmd", "trust", "sign", "--secret-key", key, "--previous",
                                     kit().public_key, "--yes", document}));
    }
    must(shell().run("publisher", {"plasmd", "trust", "install", "-a", world().publisher_store(),
                                   "--base", kit().public_key, document}));
  }
};

TEST_F(Roles, AMachineThatKnowsOnlyTheLostKeyBootsWhatItsSuccessorsSigned) {
  grow_into_roles();
  ReleaseKit by_roles = kit();
  by_roles.secret_key = secret("alice");
  PublishChoice choice;
  choice.more = {"--secret-key", secret("bob"), "--secret-key", secret("dora")};
  const auto version = must(world().publish(by_roles, choice));
  must(world().start_publisher());
  must(world().start_follower(kit().public_key));
  must(world().await_followers(version));
  must(world().stop_publisher());

  auto machine = power_on_once();
  const auto boot = must(watch_boot(shell(), *machine, minutes(4)));

  EXPECT_EQ(boot.up.version, version);
  EXPECT_NE(boot.before.key, kit().public_key) << "the lost key signed nothing";
  EXPECT_THAT(machine->lines_matching("root: version 2 decides now"), testing::Not(testing::IsEmpty()));
}

}  // namespace
}  // namespace phase::sim
