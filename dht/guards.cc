#include "dht/guards.h"

#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <libtorrent/bdecode.hpp>
#include <libtorrent/entry.hpp>
#include <libtorrent/error_code.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/ip_filter.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/torrent_handle.hpp>
#include <mutex>
#include <optional>
#include <string_view>

#include "dht/convert.h"

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

class GivenWebSeeds {
 public:
  void allow(const std::string& url) {
    const std::lock_guard lock(mutex_);
    urls_.insert(without_slash(url));
  }
  bool allowed(const std::string& url) {
    const std::lock_guard lock(mutex_);
    return urls_.contains(without_slash(url));
  }

 private:
  /// libtorrent ends the URL of a torrent with several files with one.
  static std::string without_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
  }
  std::mutex mutex_;
  std::set<std::string> urls_;
};

std::shared_ptr<GivenWebSeeds> make_given_web_seeds() {
  return std::make_shared<GivenWebSeeds>();
}

void allow(GivenWebSeeds& given, const std::string& url) {
  given.allow(url);
}

namespace {

/// libtorrent adds the target of a redirect to the torrent's web seeds and closes the connection
/// with this error, both in one go on its own thread; connections to web seeds are made from the
/// timer, later on that thread.
class WebSeedGuard final : public lt::peer_plugin {
 public:
  WebSeedGuard(std::shared_ptr<GivenWebSeeds> given, lt::torrent_handle torrent)
      : given_(std::move(given)), torrent_(std::move(torrent)) {}
  void on_disconnect(const lt::error_code& why) override {
    if (why != lt::errors::redirecting) return;
    for (const auto& url : torrent_.url_seeds()) {
      if (!given_->allowed(url)) torrent_.remove_url_seed(url);
    }
  }

 private:
  std::shared_ptr<GivenWebSeeds> given_;
  lt::torrent_handle torrent_;
};

class WebSeedGuards final : public lt::torrent_plugin {
 public:
  WebSeedGuards(std::shared_ptr<GivenWebSeeds> given, lt::torrent_handle torrent)
      : given_(std::move(given)), torrent_(std::move(torrent)) {}
  std::shared_ptr<lt::peer_plugin> new_connection(
      const lt::peer_connection_handle& connection) override {
    if (connection.type() != lt::connection_type::url_seed) return nullptr;
    return std::make_shared<WebSeedGuard>(given_, torrent_);
  }

 private:
  std::shared_ptr<GivenWebSeeds> given_;
  lt::torrent_handle torrent_;
};

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
    // BEP 9. libtorrent numbers ut_metadata 2, and passes a message on as it grows.
    constexpr int kUtMetadata = 2;
    if (message != kUtMetadata || body.size() < length) return false;
    lt::error_code error;
    int end = 0;
    const lt::bdecode_node parsed = lt::bdecode(body, error, &end);
    return parsed.type() == lt::bdecode_node::dict_t &&
           parsed.dict_find_int_value("msg_type", 1) == 0;
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

std::shared_ptr<lt::torrent_plugin> make_given_web_seeds_plugin(
    std::shared_ptr<GivenWebSeeds> given, const lt::torrent_handle& torrent) {
  return std::make_shared<WebSeedGuards>(std::move(given), torrent);
}

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
