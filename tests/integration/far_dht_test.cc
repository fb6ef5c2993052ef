// tests/integration/far_dht_test.cc
// Goal: a pointer and its providers are found on a slow network that loses a fifth of all questions,
// from saved nodes of which a third are dead, with all bootstrap nodes down. Method: real libtorrent
// nodes, a client behind sim/link.cc, several clients one after the other. How fast is
// tests/bench/discovery.cc's.
#include "far_dht.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace phase {
namespace {

constexpr int kClients = 5;

TEST(FarDht, EveryClientFindsPointerAndProviderFromNodesOfWhichAThirdAreDead) {
  const std::string logs = std::filesystem::temp_directory_path() / "far-dht";
  std::filesystem::create_directories(logs);
  sim::Observer silent;
  sim::Shell shell(sim::own_folder(), logs, silent);
  const FarDht world(shell, {.nodes = 60});
  for (int i = 0; i < kClients; ++i) {
    const FarFound found = world.look(std::chrono::seconds(10));
    ASSERT_TRUE(found.pointer.has_value()) << "client " << i;
    ASSERT_TRUE(found.provider.has_value()) << "client " << i;
    std::printf("pointer after %.3f s, provider after %.3f s\n", *found.pointer, *found.provider);
    // No packet comes faster than the link allows: it was there.
    EXPECT_GE(*found.pointer, 0.05);
  }
}

// libtorrent's own announce ends when the last silent node has been given up, after 15 s.
TEST(FarDht, AnAnnounceIsHeardOfAlthoughNodesBesideItAreDead) {
  const std::string logs = std::filesystem::temp_directory_path() / "far-dht";
  std::filesystem::create_directories(logs);
  sim::Observer silent;
  sim::Shell shell(sim::own_folder(), logs, silent);
  const FarDht world(shell, {.nodes = 60, .nodes_silent = 20});
  for (int i = 0; i < kClients; ++i) {
    const auto heard = world.announce(std::chrono::seconds(10));
    ASSERT_TRUE(heard.has_value()) << "client " << i;
    std::printf("heard of after %.3f s\n", *heard);
  }
}

}  // namespace
}  // namespace phase
