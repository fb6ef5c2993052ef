// Goal: a peer that changes its mind about its info dictionary while it is asked costs nothing. Method:
// a real session and one peer on a socket, whose right answer comes with a size that libtorrent refuses,
// so that only the guard can take it. Several peers that lie: tests/integration/hostile_*.
#include "dht/metadata_guard.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <libtorrent/torrent_info.hpp>
#include <thread>

#include "dht/convert.h"
#include "dht/torrent.h"

namespace phase::dht {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kHandshake = 68;
constexpr int kPieces = 64;
constexpr std::size_t kPieceBytes = 16 * 1024;

std::string message(char id, const std::string& body) {
  const auto size = static_cast<std::uint32_t>(body.size() + 1);
  std::string out;
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(size >> shift & 0xff);
  return out + id + body;
}

std::string extended(char number, const std::string& body) {
  return message(20, number + body);
}

std::string offer(std::size_t size) {
  return extended(0, "d1:md11:ut_metadatai3ee13:metadata_sizei" + std::to_string(size) + "ee");
}

std::string piece(int number, const std::string& data) {
  return extended(2, "d8:msg_typei1e5:piecei" + std::to_string(number) + "e10:total_sizei7ee" + data);
}

/// Has `info`, of one piece. To a question it first says that it has many, and sends the others. The
/// first questions are libtorrent's own, which asks again as soon as it is answered and would have the
/// guard ask in the middle of an answer: those stay unanswered, two on the first connection, fewer on
/// later ones. One on which nothing more is asked is closed.
class GrowingPeer {
 public:
  explicit GrowingPeer(std::string info) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    socklen_t size = sizeof at;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    at_ = *parse_address("127.0.0.1", ntohs(at.sin_port));
    thread_ = std::thread([this, text = std::move(info)] { serve(text); });
  }
  ~GrowingPeer() {
    ::shutdown(listener_, SHUT_RDWR);
    ::shutdown(peer_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] Endpoint at() const { return at_; }
  [[nodiscard]] int attacks() const { return attacks_; }

 private:
  bool send(const std::string& bytes) const {
    return ::send(peer_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  bool read(std::string& into, std::size_t size) const {
    into.resize(size);
    return ::recv(peer_, into.data(), size, MSG_WAITALL) == static_cast<ssize_t>(size);
  }

  void serve(const std::string& info) {
    for (int unanswered = 2;; unanswered = unanswered == 0 ? 2 : unanswered - 1) {
      peer_ = ::accept(listener_, nullptr, nullptr);
      if (peer_ < 0) return;
      const timeval patience{.tv_sec = 4, .tv_usec = 0};
      ::setsockopt(peer_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      answer(info, unanswered);
      ::close(peer_.exchange(-1));
    }
  }
  void answer(const std::string& info, int unanswered) {
    std::string got;
    if (!read(got, kHandshake)) return;
    std::string ours = got.substr(0, 20) + std::string("\0\0\0\0\0\x10\0\0", 8) + got.substr(28, 20) +
                       "-XX0000-growingpeer1";
    if (!send(ours + offer(info.size()))) return;
    while (read(got, 4)) {
      const std::uint32_t size = std::uint32_t(std::uint8_t(got[2])) << 8U | std::uint8_t(got[3]);
      if (!read(got, size)) return;
      const bool asks = got.starts_with("\x14\x03") && got.find("msg_typei0e") != std::string::npos;
      if (!asks || unanswered-- > 0) continue;
      ++attacks_;
      std::string attack = offer(kPieces * kPieceBytes);
      for (int i = 1; i < kPieces; ++i) attack += piece(i, std::string(kPieceBytes, 'x'));
      if (!send(attack + piece(0, info) + offer(info.size()))) return;
    }
  }

  int listener_;
  std::atomic<int> peer_ = -1;
  std::atomic<int> attacks_ = 0;
  Endpoint at_;
  std::thread thread_;
};

MadeTorrent small_release(const std::string& folder) {
  for (const char* name : {"manifest.dsse", "kernel"}) std::ofstream(folder + "/" + name) << name;
  auto made = make_torrent("phase-stable-x86_64-1-01234567", folder, {"manifest.dsse", "kernel"});
  EXPECT_TRUE(made.ok());
  return std::move(*made);
}

TEST(MetadataGuard, APeerWhoseDictionaryGrowsWhileItIsAskedWritesNothingBehindIt) {
  std::string folder = (fs::path(testing::TempDir()) / "metadata-guard-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const MadeTorrent made = small_release(folder);
  const lt::torrent_info parsed(to_span(made.torrent), lt::from_span);
  GrowingPeer peer(std::string(parsed.info_section().begin(), parsed.info_section().end()));

  SessionOptions options;
  options.listen = {*parse_endpoint("127.0.0.1:0")};
  options.network = NetworkKind::kPrivate;
  const auto session = Session::open(options);
  ASSERT_TRUE(session.ok()) << session.error().detail;
  const auto release = (*session)->fetch(made.info.infohashes, folder + "/out");
  ASSERT_TRUE(release.ok()) << release.error().detail;
  const auto until = std::chrono::steady_clock::now() + seconds(30);
  while (!(*session)->status(*release).has_metadata && std::chrono::steady_clock::now() < until) {
    (*session)->connect(*release, peer.at(), {.given = true});
    (void)(*session)->wait(milliseconds(200));
  }
  EXPECT_TRUE((*session)->status(*release).has_metadata);
  EXPECT_GT(peer.attacks(), 0) << "nobody was attacked";
  fs::remove_all(folder);
}

}  // namespace
}  // namespace phase::dht
