// Goal: a machine on a network that drops all UDP but DHCP boots over TCP: pointer, who has the
// release, and the release itself. Method: the hosts of DHT, publisher and provider hear no UDP any
// more (nftables) before the machine is switched on with one provider's URL.
#include <gmock/gmock.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "scene.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;
using testing::Contains;
using testing::StartsWith;

class WithoutUdp : public Scene {
 protected:
  static void drop_udp(const std::string& host) {
    (void)must(shell().run(host, {"nft", "add", "table", "inet", "noudp"}));
    (void)must(shell().run(host, {"nft", "add", "chain", "inet", "noudp", "in",
                                  "{ type filter hook input priority 0; }"}));
    (void)must(shell().run(host, {"nft", "add", "rule", "inet", "noudp", "in", "meta", "l4proto",
                                  "udp", "counter", "drop"}));
  }
  /// Until the publisher tells over HTTP that the provider has the release.
  void await_named_provider() {
    const auto status = must(shell().run("publisher", {"plasmd", "status", "--json"}));
    const std::string infohash =
        nlohmann::json::parse(status)["releases"].at(0).at("infohash_v1");
    const auto deadline = std::chrono::steady_clock::now() + minutes(1);
    std::string named;
    while (named.find(world().provider_address(0)) == std::string::npos) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the publisher names " << named;
      named = must(shell().run(
          "router", {"curl", "-sS", "http://10.77.2.1:8080/peers/" + infohash}));
    }
  }
  [[nodiscard]] static bool dropped_some(const std::string& host) {
    const std::string rules = must(shell().run(host, {"nft", "list", "ruleset"}));
    return rules.find("packets 0 ") == std::string::npos;
  }
};

TEST_F(WithoutUdp, BootsOverTcpFromEveryoneThatOneProviderNames) {
  const auto version = publish();
  must(world().start_follower(kit().public_key));
  must(world().await_followers(version));
  await_named_provider();
  for (const char* host : {"dht", "publisher", "provider1"}) drop_udp(host);

  PowerOnChoice choice;
  choice.more_command_line = "phase.provider=http://10.77.2.1:8080";
  auto machine = must(world().power_on(kit(), choice));
  const auto boot = must(watch_boot(shell(), *machine, minutes(5)));

  EXPECT_EQ(boot.up.version, version);
  EXPECT_EQ(boot.up.key, kit().public_key);
  EXPECT_TRUE(dropped_some("dht")) << "no UDP was tried";
  EXPECT_THAT(boot.before.path, StartsWith("http://10.77.2.1:8080"));
  std::vector<std::string> from;
  for (const auto& source : boot.before.sources) {
    if (source.bytes > 0) from.push_back(source.how + " " + source.peer);
  }
  EXPECT_THAT(from, Contains("http 10.77.2.1:8080"));
  EXPECT_THAT(from, Contains(StartsWith("given " + world().provider_address(0))))
      << "the publisher knows of the provider and names it";
}

}  // namespace
}  // namespace phase::sim
