// Goal: a node whose addresses are its own by a route alone (`ip route add local`, AnyIP) keeps its
// connections: dht/connection_guard.h takes none of them for one of an address that went away. Method:
// two sessions in a sandbox, one at such an address; a transfer that lasts for several of the guard's
// looks.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "dht/session.h"
#include "dht/torrent.h"
#include "sim/command.h"

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace fs = std::filesystem;

constexpr std::size_t kBytes = 4 << 20;
constexpr int kBytesPerSecond = 1 << 20;

std::unique_ptr<Session> open_at(const char* address) {
  SessionOptions options;
  options.listen = {*parse_address(address, 0)};
  options.network = NetworkKind::kPrivate;
  options.enable_dht = false;
  options.upload_limit = kBytesPerSecond;
  auto session = Session::open(options);
  if (!session) throw std::runtime_error(session.error().detail);
  return std::move(*session);
}

TEST(AnyIp, ConnectionsOfAnAddressThatIsOursByARouteStay) {
  const auto route = sim::run_command({"ip", "route", "add", "local", "10.99.0.0/24", "dev", "lo"});
  ASSERT_TRUE(route.ok()) << route.error().detail;
  std::string folder = (fs::temp_directory_path() / "phase-any-ip-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  fs::create_directories(folder + "/made/release");
  std::ofstream(folder + "/made/release/kernel") << std::string(kBytes, 'k');
  const auto made = make_torrent("release", folder + "/made/release", {"kernel"});
  ASSERT_TRUE(made.ok()) << made.error().detail;
  const auto seeder = open_at("10.99.0.5");
  ASSERT_TRUE(seeder->seed(made->torrent, folder + "/made").ok());
  const auto client = open_at("10.99.0.6");
  const auto release = client->fetch(made->info.infohashes, folder + "/out");
  ASSERT_TRUE(release.ok()) << release.error().detail;
  client->connect(*release, seeder->listening().front(), {.given = true});

  bool connected = false;
  bool done = false;
  const auto deadline = steady_clock::now() + seconds(60);
  while (!done && steady_clock::now() < deadline) {
    (void)seeder->wait(milliseconds(5));
    for (const Event& event : client->wait(milliseconds(5))) {
      if (std::holds_alternative<MetadataReceived>(event)) {
        ASSERT_TRUE(client->want(*release, {"kernel"}).ok());
      }
      done |= std::holds_alternative<ReleaseCompleted>(event);
    }
    const auto peers = client->status(*release).peers;
    ASSERT_TRUE(done || !connected || peers > 0) << "the connection was ended";
    connected |= peers > 0;
  }
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace phase::dht
