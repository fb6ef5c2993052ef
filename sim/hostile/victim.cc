#include "sim/hostile/victim.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "sim/hostile/socket_address.h"

namespace phase::sim {
bool Victim::read(std::uint8_t* into, std::size_t count) const {
  std::size_t done = 0;
  while (done < count) {
    const auto got = ::recv(socket_.get(), into + done, count - done, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

bool Victim::send(ByteView bytes) const {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto sent = ::send(socket_.get(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    done += static_cast<std::size_t>(sent);
  }
  return true;
}

std::uint64_t Victim::drip(ByteView bytes, std::chrono::milliseconds pause) const {
  std::uint64_t sent = 0;
  for (const auto& byte : bytes) {
    if (!send(ByteView(&byte, 1))) break;
    ++sent;
    if (!stays_for(pause)) break;
  }
  return sent;
}

bool Victim::stays_for(std::chrono::milliseconds pause) const {
  std::array<char, 4096> ignored{};
  pollfd watched{socket_.get(), POLLIN, 0};
  const auto until = std::chrono::steady_clock::now() + pause;
  for (auto left = pause; left.count() > 0;
       left = std::chrono::duration_cast<std::chrono::milliseconds>(
           until - std::chrono::steady_clock::now())) {
    if (::poll(&watched, 1, static_cast<int>(left.count())) <= 0) break;
    if (::recv(socket_.get(), ignored.data(), ignored.size(), 0) <= 0) return false;
  }
  return true;
}

void Victim::wait_until_closed() const {
  std::array<char, 4096> ignored{};
  while (::recv(socket_.get(), ignored.data(), ignored.size(), 0) > 0) {
  }
}

Endpoint Victim::remote() const {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getpeername(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return to_endpoint(address);
}

Result<Victim> call(const Endpoint& at) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = to_socket(at);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return {ErrorCode::kNetwork, at.text() + ": " + std::strerror(errno)};
  }
  return Victim(std::move(socket), 0);
}

Result<void> listen_for_victims(const Endpoint& at, std::function<void(const Victim&)> attack) {
  Fd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = to_socket(at);
  const int yes = 1;
  ::setsockopt(listening.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listening.get(), SOMAXCONN) != 0) {
    return {ErrorCode::kPortInUse, at.text() + ": " + std::strerror(errno)};
  }
  std::thread([listening = std::move(listening), attack = std::move(attack)] {
    for (std::uint64_t number = 1;; ++number) {
      Fd one(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (one.get() < 0) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        return;
      }
      std::thread([victim = Victim(std::move(one), number), attack] { attack(victim); }).detach();
    }
  }).detach();
  return {};
}

}  // namespace phase::sim
