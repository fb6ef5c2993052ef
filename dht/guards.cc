#include "dht/guards.h"

#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <libtorrent/entry.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/ip_filter.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <optional>
#include <string_view>

#include "dht/convert.h"
#include "dht/ut_metadata.h"

namespace phase::dht {

lt::ip_filter only(const OnLink& on_link) {
  lt::ip_filter out;
  constexpr std::uint32_t kAllowed = 0;
  out.add_rule(lt::make_address("0.0.0.0"), lt::make_address("255.255.255.255"),
               lt::ip_filter::blocked);
  out.add_rule(lt::make_address("::"), lt::make_address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
               lt::ip_filter::blocked);
  for (const auto& network : on_link.networks()) {
    const auto [first, last] = OnLink::range(network);
    out.add_rule(to_address(first), to_address(last), kAllowed);
    if (network.address.v6 || network.prefix >= 31) continue;
    out.add_rule(to_address(first), to_address(first), lt::ip_filter::blocked);
    out.add_rule(to_address(last), to_address(last), lt::ip_filter::blocked);
  }
  return out;
}

namespace {

class TakeOnlyPeer final : public lt::peer_plugin {
 public:
  // What libtorrent says of itself before other plugins add theirs: a port that nobody can reach,
  // what else it could do, how it sees us. What is left asks for the info dictionary.
  void add_handshake(lt::entry& handshake) override {
    std::erase_if(handshake.dict(),
                  [](const auto& entry) { return entry.first != "m" && entry.first != "reqq"; });
    handshake["m"].dict().clear();  // Not replaced: libtorrent holds a reference to it.
  }
  // "Handled": libtorrent itself never sees them.
  bool on_request(const lt::peer_request&) override { return true; }
  bool on_interested() override { return true; }
  bool on_extended(int length, int message, lt::span<const char> body) override {
    // libtorrent passes a message on as it grows.
    if (message != kOurUtMetadata || body.size() < length) return false;
    return asks_for_metadata(from_span(body));
  }
};

class TakeOnly final : public lt::torrent_plugin {
 public:
  std::shared_ptr<lt::peer_plugin> new_connection(const lt::peer_connection_handle&) override {
    return std::make_shared<TakeOnlyPeer>();
  }
};

/// Where `fd` is a TCP socket that listens: at which address.
std::optional<Endpoint> listens_at(int fd) {
  int accepts = 0;
  socklen_t size = sizeof accepts;
  if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) != 0 || accepts == 0) return {};
  sockaddr_storage storage{};
  size = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  Endpoint out;
  if (storage.ss_family == AF_INET) {
    sockaddr_in at{};
    std::memcpy(&at, &storage, sizeof at);
    std::memcpy(out.address.data(), &at.sin_addr, 4);
    out.port = ntohs(at.sin_port);
    return out;
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 at{};
    std::memcpy(&at, &storage, sizeof at);
    out.v6 = true;
    std::memcpy(out.address.data(), &at.sin6_addr, 16);
    out.port = ntohs(at.sin6_port);
    return out;
  }
  return {};
}

}  // namespace

std::shared_ptr<lt::torrent_plugin> make_take_only_plugin() {
  return std::make_shared<TakeOnly>();
}

void stop_listening(const std::vector<Endpoint>& endpoints) {
  const auto close = [](DIR* folder) { ::closedir(folder); };
  const std::unique_ptr<DIR, decltype(close)> open(::opendir("/proc/self/fd"), close);
  if (!open) return;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name(entry->d_name);
    int fd = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), fd);
    if (error != std::errc{} || end != name.data() + name.size()) continue;
    const auto at = listens_at(fd);
    if (!at || std::find(endpoints.begin(), endpoints.end(), *at) == endpoints.end()) continue;
    // The port stays taken and the descriptor libtorrent's; its one accept ends with an error.
    ::shutdown(fd, SHUT_RDWR);
  }
}

}  // namespace phase::dht
