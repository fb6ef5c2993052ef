// dht/no_delay.cc
#include "dht/no_delay.h"

#include <libtorrent/aux_/socket_type.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/peer_connection.hpp>
#include <libtorrent/peer_connection_handle.hpp>

namespace phase::dht {
namespace {

namespace lt = libtorrent;

class NoDelayPeer final : public lt::peer_plugin {
 public:
  explicit NoDelayPeer(lt::peer_connection_handle connection)
      : connection_(std::move(connection)) {}

  /// The first moment at which a socket is connected, whoever called whom.
  bool on_handshake(lt::span<char const>) override {
    const auto connection = connection_.native_handle();
    if (connection == nullptr) return true;
    // uTP has no such thing, and behind a proxy it is the proxy's affair.
    auto* tcp = boost::get<lt::tcp::socket>(&connection->get_socket());
    boost::system::error_code without_it;
    if (tcp != nullptr) tcp->set_option(boost::asio::ip::tcp::no_delay(true), without_it);
    return true;
  }

 private:
  lt::peer_connection_handle connection_;  // Does not own it: it owns this.
};

class NoDelay final : public lt::torrent_plugin {
 public:
  std::shared_ptr<lt::peer_plugin> new_connection(
      const lt::peer_connection_handle& connection) override {
    return std::make_shared<NoDelayPeer>(connection);
  }
};

}  // namespace

std::shared_ptr<lt::torrent_plugin> make_no_delay_plugin() {
  return std::make_shared<NoDelay>();
}

}  // namespace phase::dht
