// Goal: whoever is connected with us and connects once more from the same endpoint is turned away, and
// nothing else happens. libtorrent 2.0.8 shows such a connection to its plugins and then refuses it
// before it belongs to a torrent; asked for its figures then, it reads through a null pointer. Method:
// a session on loopback, and a peer of bare sockets.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

#include "dht/session.h"
#include "dht/torrent.h"

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
namespace fs = std::filesystem;

constexpr std::size_t kHandshakeBytes = 68;  // BEP 3

sockaddr_in on_loopback(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

/// Closed at its end. Bound to a port that others are bound to as well.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  explicit Socket(const sockaddr_in& at) : Socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int yes = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    bound_ = ::bind(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
  }
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool bound() const { return bound_; }
  [[nodiscard]] bool readable() const {
    pollfd one{fd_, POLLIN, 0};
    return ::poll(&one, 1, 0) > 0;
  }

 private:
  int fd_;
  bool bound_ = false;
};

class SecondConnection : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "phase-second-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    fs::create_directories(folder_ + "/release");
    std::ofstream(folder_ + "/release/kernel") << std::string(100'000, 'k');
    auto made = make_torrent("release", folder_ + "/release", {"kernel"});
    ASSERT_TRUE(made.ok());
    made_ = std::move(*made);
    SessionOptions options;
    options.listen = {*parse_address("127.0.0.1", 0)};
    options.network = NetworkKind::kPrivate;
    options.enable_dht = false;
    auto session = Session::open(options);
    ASSERT_TRUE(session.ok());
    session_ = std::move(*session);
  }
  void TearDown() override {
    session_.reset();
    fs::remove_all(folder_);
  }
  [[nodiscard]] bool wait_until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + seconds(20);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      (void)session_->wait(milliseconds(20));
    }
    return true;
  }
  [[nodiscard]] std::string handshake() const {
    std::string out = "\x13" "BitTorrent protocol" + std::string(8, '\0');
    const auto& infohash = made_.info.infohashes.v1;
    out.append(infohash.begin(), infohash.end());
    out += std::string(20, 'p');
    return out;
  }

  std::string folder_;
  MadeTorrent made_;
  std::unique_ptr<Session> session_;
};

TEST_F(SecondConnection, FromTheSameEndpointIsTurnedAway) {
  const auto seeded = session_->seed(made_.torrent, folder_);
  ASSERT_TRUE(seeded.ok());
  // Of two ends that have connected to each other, the one with the higher port loses its connection.
  std::uint16_t port = session_->listening().front().port;
  auto listener = std::make_unique<Socket>(on_loopback(++port));
  while (!listener->bound() || ::listen(listener->fd(), 1) != 0) {
    ASSERT_LT(port, 65535);
    listener = std::make_unique<Socket>(on_loopback(++port));
  }
  session_->connect(*seeded, *parse_address("127.0.0.1", port), {.given = true});
  ASSERT_TRUE(wait_until([&] { return listener->readable(); }));
  const Socket first(::accept(listener->fd(), nullptr, nullptr));
  std::array<char, kHandshakeBytes> greeting{};
  ASSERT_TRUE(wait_until([&] { return first.readable(); }));
  ASSERT_EQ(::recv(first.fd(), greeting.data(), greeting.size(), MSG_WAITALL),
            static_cast<ssize_t>(greeting.size()));

  const Socket second(on_loopback(port));
  ASSERT_TRUE(second.bound());
  const sockaddr_in there = on_loopback(session_->listening().front().port);
  ASSERT_EQ(::connect(second.fd(), reinterpret_cast<const sockaddr*>(&there), sizeof there), 0);
  const std::string hello = handshake();
  ASSERT_EQ(::send(second.fd(), hello.data(), hello.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(hello.size()));

  ASSERT_TRUE(wait_until([&] { return second.readable(); }));
  EXPECT_LE(::recv(second.fd(), greeting.data(), greeting.size(), 0), 0) << "it was answered";
  EXPECT_TRUE(session_->status(*seeded).seeding);
}

}  // namespace
}  // namespace phase::dht
