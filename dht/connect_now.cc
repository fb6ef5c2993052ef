// dht/connect_now.cc
#include "dht/connect_now.h"

#include <libtorrent/extensions.hpp>
#include <libtorrent/torrent_handle.hpp>

namespace phase::dht {
namespace {

/// Both calls run on libtorrent's network thread, the second within the first: nothing else ever
/// sees the torrent paused.
class ConnectNow final : public lt::torrent_plugin {
 public:
  explicit ConnectNow(lt::torrent_handle torrent) : torrent_(std::move(torrent)) {}
  bool on_pause() override {
    torrent_.resume();
    return true;
  }

 private:
  lt::torrent_handle torrent_;
};

}  // namespace

std::shared_ptr<lt::torrent_plugin> make_connect_now_plugin(const lt::torrent_handle& torrent) {
  return std::make_shared<ConnectNow>(torrent);
}

void connect_now(const lt::torrent_handle& torrent) {
  torrent.pause();
}

}  // namespace phase::dht
