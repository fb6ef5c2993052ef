// Goal: any number of nodes may say that they are on the link; so many are asked at once, each
// address once, and all come to their turn. Method: a server on loopback that counts who is
// connected and answers only when as many are as may be; a pointer it gives at once, if it has one.
#include "boot/relays.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/unit/boot/acquire/fixed_server.h"
#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

using std::chrono::seconds;

/// Closes its clients once `full` of them are connected, or all `of` have come. With a `pointer`
/// whoever asks for that has it at once, and is not counted.
class SlowServer {
 public:
  SlowServer(std::size_t full, std::size_t of, Bytes pointer = {})
      : full_(full), of_(of), pointer_(std::move(pointer)),
        listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(listener_, 64), 0);
    socklen_t size = sizeof at;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~SlowServer() { end(); }
  void end() {
    ::shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    if (listener_ >= 0) ::close(listener_);
    listener_ = -1;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  // After end().
  std::size_t came = 0, at_once = 0;
  bool extra = false;  ///< More than `full` were there at once.

 private:
  void serve() {
    std::vector<int> clients;
    for (;;) {
      const int client = ::accept(listener_, nullptr, nullptr);
      if (client < 0) break;
      if (!pointer_.empty() && gave_pointer(client)) continue;
      clients.push_back(client);
      ++came;
      at_once = std::max(at_once, clients.size());
      if (clients.size() < full_ && came < of_) continue;
      // Whoever was not to come yet would be waiting here.
      pollfd more{listener_, POLLIN, 0};
      extra = extra || (came < of_ && ::poll(&more, 1, 0) > 0);
      for (const int one : clients) ::close(one);
      clients.clear();
    }
    for (const int one : clients) ::close(one);
  }
  bool gave_pointer(int client) const {
    std::string request;
    char block[1024];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const auto got = ::recv(client, block, sizeof block, 0);
      if (got <= 0) break;
      request.append(block, static_cast<std::size_t>(got));
    }
    if (!request.starts_with("GET /pointer/")) return false;
    const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(pointer_.size()) + "\r\n\r\n";
    (void)::send(client, head.data(), head.size(), MSG_NOSIGNAL);
    (void)::send(client, pointer_.data(), pointer_.size(), MSG_NOSIGNAL);
    ::close(client);
    return true;
  }
  const std::size_t full_, of_;
  const Bytes pointer_;
  int listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

class RelaysTest : public testing::Test {
 protected:
  /// Until nothing is under way any more.
  std::vector<PointerAnswer> drain(Relays& relays) {
    std::vector<PointerAnswer> all;
    const auto deadline = std::chrono::steady_clock::now() + seconds(30);
    while (relays.busy() && std::chrono::steady_clock::now() < deadline) {
      wait();
      for (PointerAnswer& answer : relays.take_pointers()) all.push_back(std::move(answer));
    }
    EXPECT_FALSE(relays.busy());
    return all;
  }
  /// Until an answer is there.
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds(1), [this] { return woken_; });
    woken_ = false;
  }
  void wake() {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_one();
  }
  [[nodiscard]] Relays relays() {
    return {{{test::key(1).public_key()}, "stable", "x86_64"}, {}, [this] { wake(); }};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

TEST_F(RelaysTest, AFloodOfNodesIsAskedAFewAtATimeAndEachOnce) {
  constexpr std::size_t kNodes = 3 * kMaxLanRelays;
  SlowServer server(kMaxLanRelays, kNodes);
  Relays asked = relays();
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 1; i <= kNodes; ++i) {
      asked.add_lan(*parse_address("127.0.1." + std::to_string(i), server.port()));
    }
  }
  const auto answers = drain(asked);
  server.end();

  EXPECT_EQ(answers.size(), kNodes);
  for (const PointerAnswer& answer : answers) {
    EXPECT_FALSE(answer.items.ok());
    EXPECT_TRUE(answer.lan);
  }
  EXPECT_EQ(server.came, kNodes);
  EXPECT_EQ(server.at_once, kMaxLanRelays);
  EXPECT_FALSE(server.extra);
}

// Each question is a thread, and phase-net may have 64: a hall full of nodes that all hold the
// release must not be what ends a boot.
TEST_F(RelaysTest, AHallFullOfHoldersIsAskedForTheTorrentAFewAtATimeToo) {
  constexpr std::size_t kNodes = 3 * kMaxLanRelays;
  Pointer pointer;
  pointer.release_version = 1;
  pointer.expires = test::kExpires;
  const SignedItem item = sign_item(test::key(1), pointer_salt("stable", "x86_64", 0), 1,
                                    encode_pointer(pointer));
  SlowServer server(kMaxLanRelays, kNodes, encode_items({item}));
  Relays asked = relays();
  for (std::size_t i = 1; i <= kNodes; ++i) {
    asked.add_lan(*parse_address("127.0.2." + std::to_string(i), server.port()));
  }
  for (const PointerAnswer& answer : drain(asked)) {
    ASSERT_TRUE(answer.items.ok()) << answer.items.error().detail;
  }
  std::size_t answers = 0;
  const auto deadline = std::chrono::steady_clock::now() + seconds(30);
  while (answers < kNodes && std::chrono::steady_clock::now() < deadline) {
    asked.ask_torrents(Sha1{}, false);
    wait();
    answers += asked.take_torrents().size();
  }
  server.end();

  EXPECT_EQ(answers, kNodes);
  EXPECT_EQ(server.came, kNodes);
  EXPECT_EQ(server.at_once, kMaxLanRelays);
  EXPECT_FALSE(server.extra);
}

TEST_F(RelaysTest, GivenProvidersNamePeersAndNoOneNamesMany) {
  const Sha1 infohash = sha1(as_bytes("release"));
  std::string lines = "192.0.2.7:6881\n[2001:db8::7]:6881\nnonsense\n192.0.2.8:0\n";
  for (int i = 1; i <= 100; ++i) lines += "198.51.100." + std::to_string(i) + ":6881\r\n";
  for (int i = 1; i <= 100; ++i) lines += "203.0.113." + std::to_string(i) + ":6881\n";
  test::FixedServer server({{"/peers/" + to_hex(infohash), Bytes(lines.begin(), lines.end())}});
  test::FixedServer without({});
  Relays asked = relays();
  ASSERT_TRUE(asked.add_given(server.url(), false));
  ASSERT_TRUE(asked.add_given(without.url(), false));
  (void)drain(asked);
  asked.ask_torrents(infohash, true);
  std::vector<PeersAnswer> answers;
  while (asked.busy()) {
    wait();
    (void)asked.take_torrents();
    for (PeersAnswer& answer : asked.take_peers()) answers.push_back(std::move(answer));
  }
  ASSERT_EQ(answers.size(), 1U) << "a server without such a file is no trouble";
  EXPECT_EQ(answers[0].from, server.url());
  ASSERT_EQ(answers[0].peers.size(), kMaxNamedPeers);
  EXPECT_EQ(answers[0].peers[0].text(), "192.0.2.7:6881");
  EXPECT_EQ(answers[0].peers[1].text(), "[2001:db8::7]:6881");
  EXPECT_EQ(answers[0].peers[2].text(), "203.0.113.1:6881") << "what is none is passed over";
}

TEST_F(RelaysTest, MoreThanTheQueueHoldsAreForgotten) {
  Relays asked = relays();
  // Nobody listens at port 1: each ends at once.
  for (std::size_t i = 0; i < kMaxLanQueue + 50; ++i) {
    asked.add_lan(*parse_address("127.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1), 1));
  }
  EXPECT_EQ(drain(asked).size(), kMaxLanQueue);
}

TEST_F(RelaysTest, ALongListOfMirrorsIsAskedAFewAtATime) {
  constexpr std::size_t kMirrors = 3 * kMaxGivenRelays;
  SlowServer server(kMaxGivenRelays, kMirrors);
  Relays asked = relays();
  for (std::size_t i = 1; i <= kMirrors; ++i) {
    ASSERT_TRUE(asked.add_given("http://127.0.3." + std::to_string(i) + ":" +
                                    std::to_string(server.port()), false));
  }
  EXPECT_EQ(drain(asked).size(), kMirrors);
  server.end();
  EXPECT_EQ(server.came, kMirrors);
  EXPECT_EQ(server.at_once, kMaxGivenRelays);
  EXPECT_FALSE(server.extra);
}

TEST_F(RelaysTest, AUrlThatIsNoneIsNamed) {
  Relays asked = relays();
  EXPECT_ERROR(asked.add_given("ftp://a", false), ErrorCode::kUsage);
  EXPECT_FALSE(asked.busy());
}

}  // namespace
}  // namespace phase::boot
