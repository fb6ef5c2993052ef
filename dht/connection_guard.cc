#include "dht/connection_guard.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <libtorrent/extensions.hpp>
#include <libtorrent/operations.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <map>
#include <optional>
#include <set>

#include "dht/convert.h"
#include "proto/ports.h"

namespace phase::dht {
namespace {

constexpr std::chrono::seconds kAddressesAge{1};

/// Every address of every interface; none where the kernel does not say.
std::optional<std::set<lt::address>> own_addresses() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return std::nullopt;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned(list, &::freeifaddrs);
  std::set<lt::address> out;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    if (one->ifa_addr->sa_family == AF_INET) {
      sockaddr_in at{};
      std::memcpy(&at, one->ifa_addr, sizeof at);
      out.insert(lt::address_v4(ntohl(at.sin_addr.s_addr)));
    } else if (one->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 at{};
      std::memcpy(&at, one->ifa_addr, sizeof at);
      lt::address_v6::bytes_type bytes{};
      std::memcpy(bytes.data(), &at.sin6_addr, bytes.size());
      out.insert(lt::address_v6(bytes));
    }
  }
  return out;
}

/// A route of type local makes an address ours that no interface has (`ip route add local`).
bool can_bind(const lt::address_v4& address) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return true;  // Nobody can say.
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(address.to_uint());
  const bool foreign = ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 &&
                       errno == EADDRNOTAVAIL;
  ::close(fd);
  return !foreign;
}

/// The scope of a link-local address is not compared: the same address on another link is rare, and
/// does no harm here.
lt::address without_scope(const lt::address& address) {
  return address.is_v6() ? lt::address(lt::address_v6(address.to_v6().to_bytes())) : address;
}

}  // namespace

class ConnectionCount {
 public:
  explicit ConnectionCount(std::uint32_t most) : most_(most) {}

  /// True where it is one too many.
  [[nodiscard]] bool began(const lt::address& with) {
    const std::uint32_t now = ++connected_[with];
    return most_ != 0 && now > most_;
  }
  void ended(const lt::address& with) {
    const auto at = connected_.find(with);
    if (at != connected_.end() && --at->second == 0) connected_.erase(at);
  }
  /// Of this host, or nobody can say.
  [[nodiscard]] bool is_ours(const lt::address& address) {
    const auto now = std::chrono::steady_clock::now();
    if (now - read_ >= kAddressesAge) {
      read_ = now;
      own_ = own_addresses();
    }
    // All of 127.0.0.0/8 is this host's, and one address of it stands in the list.
    if (!own_ || address.is_loopback() || own_->contains(without_scope(address))) return true;
    return address.is_v4() && can_bind(address.to_v4());
  }

 private:
  std::uint32_t most_;
  std::map<lt::address, std::uint32_t> connected_;
  std::optional<std::set<lt::address>> own_;
  MonoTime read_{};
};

namespace {

class GuardedPeer final : public lt::peer_plugin {
 public:
  GuardedPeer(lt::peer_connection_handle connection, std::shared_ptr<ConnectionCount> count)
      : connection_(std::move(connection)),
        count_(std::move(count)),
        with_(connection_.remote().address()),
        too_many_(count_->began(with_) && !connection_.is_outgoing()) {}
  ~GuardedPeer() override { count_->ended(with_); }
  GuardedPeer(const GuardedPeer&) = delete;
  GuardedPeer& operator=(const GuardedPeer&) = delete;

  void tick() override {
    if (connection_.is_disconnecting()) return;
    if (too_many_) return end(lt::errors::too_many_connections);
    if (connection_.is_connecting()) return;
    const auto from = connection_.local_endpoint().address();
    if (from.is_unspecified() || count_->is_ours(from)) return;
    end(lt::errors::timed_out);
  }

 private:
  void end(lt::errors::error_code_enum why) {
    connection_.disconnect(lt::error_code(why), lt::operation_t::bittorrent,
                           lt::disconnect_severity_t{0});
  }

  lt::peer_connection_handle connection_;
  std::shared_ptr<ConnectionCount> count_;
  lt::address with_;
  bool too_many_;
};

class ConnectionGuard final : public lt::torrent_plugin {
 public:
  explicit ConnectionGuard(std::shared_ptr<ConnectionCount> count) : count_(std::move(count)) {}
  std::shared_ptr<lt::peer_plugin> new_connection(
      const lt::peer_connection_handle& connection) override {
    return std::make_shared<GuardedPeer>(connection, count_);
  }

 private:
  std::shared_ptr<ConnectionCount> count_;
};

}  // namespace

std::shared_ptr<ConnectionCount> make_connection_count(std::uint32_t most) {
  return std::make_shared<ConnectionCount>(most);
}

std::shared_ptr<lt::torrent_plugin> make_connection_guard(std::shared_ptr<ConnectionCount> count) {
  return std::make_shared<ConnectionGuard>(std::move(count));
}

}  // namespace phase::dht
