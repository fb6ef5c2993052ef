// dht/rendezvous.cc
#include "dht/rendezvous.h"

#include <algorithm>
#include <libtorrent/bdecode.hpp>
#include <libtorrent/entry.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <map>
#include <random>

#include "dht/convert.h"
#include "dht/ut_pex.h"

namespace phase::dht {
namespace {

constexpr int kOurUtPex = 9;  // None of libtorrent's numbers.

/// What the connections of one torrent share.
struct Meeting {
  std::shared_ptr<NamedPeers> named;
  std::map<const void*, Endpoint> here;  ///< Who fetches, and where it can be connected.
  std::mt19937 random{std::random_device{}()};
};

class MeetingPeer final : public lt::peer_plugin {
 public:
  MeetingPeer(std::shared_ptr<Meeting> meeting, lt::peer_connection_handle connection)
      : meeting_(std::move(meeting)), connection_(std::move(connection)) {}
  ~MeetingPeer() override { leave(); }
  MeetingPeer(const MeetingPeer&) = delete;
  MeetingPeer& operator=(const MeetingPeer&) = delete;

  void add_handshake(lt::entry& handshake) override {
    if (meeting_->named) handshake["m"]["ut_pex"] = kOurUtPex;
  }
  bool on_extension_handshake(const lt::bdecode_node& handshake) override {
    const auto offer = pex_offer(handshake);
    if (!offer || met_) return true;
    met_ = true;
    Endpoint at = from_lt(connection_.remote());
    if (!connection_.is_outgoing()) at.port = offer->port;
    tell_it(offer->number, at);
    if (!whole_ && at.port != 0) meeting_->here[this] = at;
    return true;
  }
  bool on_extended(int length, int number, lt::span<const char> body) override {
    if (number != kOurUtPex || !meeting_->named) return false;
    if (body.size() < length) return true;  // More of it comes.
    meeting_->named->add(from_lt(connection_.remote()), pex_peers(from_span(body)));
    return true;
  }
  bool on_have_all() override {
    whole_ = true;
    leave();
    return false;
  }
  bool on_bitfield(const lt::bitfield& bits) override {
    if (bits.all_set()) on_have_all();
    return false;
  }
  void on_disconnect(const lt::error_code&) override { leave(); }

 private:
  void tell_it(std::uint8_t number, const Endpoint& at) {
    std::vector<Endpoint> others;
    // An address that nobody beyond a network can reach is nobody else's business.
    for (const auto& [peer, other] : meeting_->here) {
      if (other.is_private() == at.is_private()) others.push_back(other);
    }
    if (others.empty()) return;
    std::shuffle(others.begin(), others.end(), meeting_->random);
    if (others.size() > kMaxPexPeers) others.resize(kMaxPexPeers);
    const std::string message = pex_message(number, others);
    connection_.send_buffer(message.data(), static_cast<int>(message.size()));
  }
  void leave() { meeting_->here.erase(this); }

  std::shared_ptr<Meeting> meeting_;
  lt::peer_connection_handle connection_;
  bool met_ = false, whole_ = false;
};

class Rendezvous final : public lt::torrent_plugin {
 public:
  explicit Rendezvous(std::shared_ptr<NamedPeers> named) : meeting_(std::make_shared<Meeting>()) {
    meeting_->named = std::move(named);
  }
  std::shared_ptr<lt::peer_plugin> new_connection(
      const lt::peer_connection_handle& connection) override {
    if (connection.type() != lt::connection_type::bittorrent) return nullptr;
    return std::make_shared<MeetingPeer>(meeting_, connection);
  }

 private:
  std::shared_ptr<Meeting> meeting_;
};

}  // namespace

void NamedPeers::add(const Endpoint& namer, const std::vector<Endpoint>& peers) {
  const std::lock_guard lock(mutex_);
  for (const Endpoint& peer : limit_.admit(namer, peers)) {
    if (peers_.size() < kMaxPeers) peers_.push_back(peer);
  }
}

std::vector<Endpoint> NamedPeers::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(peers_, {});
}

std::shared_ptr<lt::torrent_plugin> make_rendezvous_plugin(std::shared_ptr<NamedPeers> named) {
  return std::make_shared<Rendezvous>(std::move(named));
}

}  // namespace phase::dht
