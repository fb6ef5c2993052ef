// What a fetch must not wait for: Nagle's algorithm, silence of those who have nothing, a resolver.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <vector>

#include "tests/integration/dht_fixture.h"

namespace phase::dht {
namespace {

using std::chrono::seconds;

/// This process's TCP connections with 127.0.0.0/8, by descriptor.
std::vector<int> connections() {
  constexpr int kDescriptors = 1024;
  std::vector<int> out;
  for (int fd = 0; fd < kDescriptors; ++fd) {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    int type = 0;
    socklen_t type_size = sizeof type;
    if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) != 0 || type != SOCK_STREAM) continue;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family == AF_INET && (ntohl(peer.sin_addr.s_addr) >> 24) == 127) out.push_back(fd);
  }
  return out;
}

bool has_no_delay(int fd) {
  int on = 0;
  socklen_t size = sizeof on;
  return ::getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &size) == 0 && on != 0;
}

class DhtSpeed : public DhtTest {};

// Goal: nothing that a peer writes waits in the kernel for more, on neither end. Method: both ends of
// a fetch are in this process, so that its descriptors tell.
TEST_F(DhtSpeed, WhatPeersWriteIsSentAtOnce) {
  const auto made = make_release(folder("seed"), "phase-test", {{"kernel", 300'000}});
  const auto alone = [](SessionOptions& options) { options.enable_dht = false; };
  auto seed = open(1, {}, alone);
  auto client = open(2, {}, alone);
  ASSERT_TRUE(seed.session->seed(made.torrent, folder("seed")).ok());
  const auto release = client.session->fetch(made.info.infohashes, folder("client"), made.torrent);
  ASSERT_TRUE(release.ok()) << release.error().detail;
  ASSERT_TRUE(client.session->want(*release, {"kernel"}).ok());
  client.session->connect(*release, seed.session->listening().front(), {.given = true});
  ASSERT_TRUE(run_until({&client, &seed}, seconds(30),
                        [&] { return client.find<ReleaseCompleted>() != nullptr; }));
  const auto both = connections();
  EXPECT_GE(both.size(), 2u);
  for (const int fd : both) EXPECT_TRUE(has_no_delay(fd)) << fd;

  // Its end closes what it holds open, so that the seed sees it go at once.
  client.session.reset();
  EXPECT_TRUE(run_until({&seed}, seconds(10), [&] { return connections().empty(); }));
}

TEST_F(DhtSpeed, AskingForPeersEndsOnceTheNearestNodesHaveAnswered) {
  const Endpoint bootstrap = start_plain_nodes(1);
  auto client = open(2, bootstrap);
  Sha1 nobodys{};
  nobodys.fill(0x5a);
  const LookupId lookup = client.session->find_peers(nobodys);
  ASSERT_TRUE(run_until({&client}, seconds(20), [&] {
    return client.find<PeersAnswered>([&](const auto& end) { return end.lookup == lookup; });
  }));
  EXPECT_EQ(client.find<ProvidersFound>(), nullptr);
}

TEST_F(DhtSpeed, WhoIsAPeerIsNamedBeforeTheNearestNodesHaveAllAnswered) {
  const Endpoint bootstrap = start_plain_nodes(1);
  auto holder = open(2, bootstrap);
  auto client = open(3, bootstrap);
  Sha1 target{};
  target.fill(0xa5);
  holder.session->announce(target, 7777);
  // Until it is known there: from then on whoever asks is told of it before it is told of the end.
  const LookupId first = client.session->find_peers(target);
  ASSERT_TRUE(run_until({&client, &holder}, seconds(30), [&] {
    return client.find<ProvidersFound>([&](const auto& found) { return found.lookup == first; });
  }));
  client.events.clear();
  const LookupId second = client.session->find_peers(target);
  ASSERT_TRUE(run_until({&client, &holder}, seconds(20), [&] {
    return client.find<PeersAnswered>([&](const auto& end) { return end.lookup == second; });
  }));
  bool named = false;
  for (const Event& event : client.events) {
    const auto* found = std::get_if<ProvidersFound>(&event);
    named = named || (found != nullptr && found->lookup == second &&
                      found->peers.front() == [&] {
                        Endpoint at = holder.session->listening().front();
                        at.port = 7777;
                        return at;
                      }());
    if (const auto* end = std::get_if<PeersAnswered>(&event)) {
      if (end->lookup == second) break;
    }
  }
  EXPECT_TRUE(named);
}

}  // namespace
}  // namespace phase::dht
