#include "asking_peer.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

namespace phase::dht {
namespace {

constexpr int kPieceMessage = 7;
constexpr int kExtended = 20;
constexpr char kOurMetadata = 3;
constexpr char kTheirMetadata = 2;  // What libtorrent calls it.
constexpr int kPauseMs = 200;       // libtorrent closes after 50 requests of a choked peer.

std::string message(int id, const std::string& payload) {
  const auto size = static_cast<std::uint32_t>(payload.size() + 1);
  std::string out;
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(size >> shift & 0xff);
  out += static_cast<char>(id);
  return out + payload;
}

std::string greeting(const Sha1& infohash) {
  std::string out =
      "\x13"
      "BitTorrent protocol";
  out += std::string("\0\0\0\0\0\x10\0\0", 8);  // BEP 10.
  out.append(reinterpret_cast<const char*>(infohash.data()), infohash.size());
  out += "-XX0000-askingpeer01";
  out += message(kExtended, std::string(1, '\0') + "d1:md11:ut_metadatai" +
                                std::to_string(int{kOurMetadata}) + "eee");
  return out;
}

std::string ask() {
  const std::string block("\0\0\0\1\0\0\0\0\0\0\x40\0", 12);  // Piece 1, offset 0, 16 KiB.
  return message(2, "") + message(6, block) +
         message(kExtended, std::string(1, kTheirMetadata) + "d8:msg_typei0e5:piecei0ee");
}

}  // namespace

AskingPeer::AskingPeer(const Endpoint& at, const Sha1& infohash)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), infohash_(infohash) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(at.port);
  std::memcpy(&address.sin_addr, at.address.data(), 4);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 1) != 0) {
    throw std::runtime_error("cannot listen on " + at.text());
  }
  thread_ = std::thread([this] { serve(); });
}

AskingPeer::~AskingPeer() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

AskingPeer::Heard AskingPeer::heard() const {
  const std::lock_guard lock(mutex_);
  return heard_;
}

bool AskingPeer::asks(int times, std::chrono::seconds limit) {
  std::unique_lock lock(mutex_);
  begun_ = true;
  const int until = heard_.asked + times;
  changed_.wait_for(lock, limit, [&] { return heard_.closed || heard_.asked >= until; });
  return heard_.asked >= until;
}

void AskingPeer::serve() {
  const int peer = ::accept(listener_, nullptr, nullptr);
  std::string got;
  std::string send = greeting(infohash_);
  bool shaken = false;
  // The listener is shut when the test is over.
  for (pollfd fds[2] = {{peer, POLLIN, 0}, {listener_, 0, 0}}; peer >= 0;) {
    if (::send(peer, send.data(), send.size(), MSG_NOSIGNAL) < 0) break;
    send.clear();
    if (::poll(fds, 2, kPauseMs) == 0 && shaken) {
      const std::lock_guard lock(mutex_);
      if (!begun_) continue;
      send = ask();
      ++heard_.asked;
      changed_.notify_all();
      continue;
    }
    if ((fds[1].revents & (POLLHUP | POLLERR)) != 0) break;
    if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
    char bytes[64 * 1024];
    const auto size = ::recv(peer, bytes, sizeof bytes, 0);
    if (size <= 0) break;
    got.append(bytes, static_cast<std::size_t>(size));
    if (!shaken && got.size() >= 68) {
      const std::lock_guard lock(mutex_);
      heard_.handshake = got.substr(0, 68);
      got.erase(0, 68);
      shaken = true;
    }
    while (shaken && got.size() >= 4) {
      std::size_t length = 0;
      for (int i = 0; i < 4; ++i)
        length = length << 8 | static_cast<unsigned char>(got[static_cast<std::size_t>(i)]);
      if (got.size() < 4 + length) break;
      if (length > 0) take(got.substr(4, length));
      got.erase(0, 4 + length);
    }
  }
  if (peer >= 0) ::close(peer);
  const std::lock_guard lock(mutex_);
  heard_.closed = true;
  changed_.notify_all();
}

void AskingPeer::take(const std::string& message) {
  const std::lock_guard lock(mutex_);
  const int id = static_cast<unsigned char>(message[0]);
  ++heard_.messages[id];
  if (id != kExtended || message.size() < 2) return;
  if (message[1] == 0) heard_.extended = message.substr(2);
  if (message[1] == kOurMetadata && message.find("8:msg_typei1e") != std::string::npos) {
    ++heard_.metadata_pieces;
  }
}

}  // namespace phase::dht
