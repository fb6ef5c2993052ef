// Goal: one address cannot take all of a provider's connections, where its owner says so. Method:
// real sessions on loopback, all of one address. (An address that goes away is taken from a host in
// tests/integration/node_resume_test.cc.)
#include "dht/connection_guard.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "dht/session.h"
#include "dht/torrent.h"

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace fs = std::filesystem;

class ConnectionGuardTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "phase-guard-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string in_folder(const std::string& name) const { return folder_ + "/" + name; }

 private:
  std::string folder_;
};

std::unique_ptr<Session> open(std::uint32_t most) {
  SessionOptions options;
  options.listen = {*parse_address("127.0.0.1", 0)};
  options.network = NetworkKind::kPrivate;
  options.enable_dht = false;
  options.peer_exchange = false;  // Or the clients find each other.
  options.max_peers_per_address = most;
  auto session = Session::open(options);
  EXPECT_TRUE(session.ok());
  return std::move(*session);
}

TEST_F(ConnectionGuardTest, EndsTheConnectionThatIsOneTooMany) {
  fs::create_directories(in_folder("made/release"));
  std::ofstream(in_folder("made/release/kernel")) << std::string(100'000, 'k');
  const auto made = make_torrent("release", in_folder("made/release"), {"kernel"});
  ASSERT_TRUE(made.ok());
  const auto seeder = open(2);
  const auto seeded = seeder->seed(made->torrent, in_folder("made"));
  ASSERT_TRUE(seeded.ok());
  const auto at = seeder->listening().front();

  std::array<std::unique_ptr<Session>, 3> clients;
  std::array<ReleaseId, 3> releases{};
  const auto peers_of = [&](std::size_t i) { return clients[i]->status(releases[i]).peers; };
  const auto run_until = [&](const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + seconds(30);
    while (std::chrono::steady_clock::now() < end) {
      (void)seeder->wait(milliseconds(5));
      for (const auto& client : clients) {
        if (client) (void)client->wait(milliseconds(5));
      }
      if (done()) return true;
    }
    return false;
  };
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients[i] = open(0);
    const auto release = clients[i]->fetch(made->info.infohashes, in_folder("out" + std::to_string(i)));
    ASSERT_TRUE(release.ok());
    releases[i] = *release;
    clients[i]->connect(*release, at, {.given = true});
    ASSERT_TRUE(run_until([&] { return peers_of(i) == 1; })) << "client " << i;
  }

  EXPECT_TRUE(run_until([&] { return peers_of(2) == 0; }));
  EXPECT_EQ(peers_of(0), 1u);
  EXPECT_EQ(peers_of(1), 1u);
}

}  // namespace
}  // namespace phase::dht
