#include "dht/metadata_guard.h"

#include <libtorrent/extensions.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/torrent_handle.hpp>
#include <libtorrent/torrent_status.hpp>
#include <utility>

#include "dht/convert.h"
#include "dht/ut_metadata.h"

namespace phase::dht {

void FoundMetadata::set(Bytes info) {
  const std::lock_guard lock(mutex_);
  info_ = std::move(info);
}

std::optional<Bytes> FoundMetadata::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(info_, std::nullopt);
}

namespace {

constexpr int kMaxPeersAsked = 4;
constexpr int kSecondsForLibtorrent = 1;
constexpr int kSecondsForAPeer = 5;

/// What the connections of one torrent share; all on libtorrent's thread.
struct Search {
  Infohashes infohashes;
  std::shared_ptr<FoundMetadata> found;
  bool wanted = false;
  int asked = 0;  ///< Peers that have not answered yet.
};

/// One peer's info dictionary as it comes.
class MetadataPeer final : public lt::peer_plugin {
 public:
  MetadataPeer(std::shared_ptr<Search> search, lt::peer_connection_handle connection)
      : search_(std::move(search)), connection_(std::move(connection)) {}
  ~MetadataPeer() override { give_up(); }

  bool on_extension_handshake(const lt::bdecode_node& said) override {
    if (const auto offer = metadata_offer(said)) offer_ = *offer;
    return true;
  }

  void tick() override {
    if (asking_ && (!search_->wanted || --seconds_left_ <= 0)) give_up();
    if (done_ || asking_ || offer_.size == 0 || !search_->wanted) return;
    if (search_->asked >= kMaxPeersAsked) return;
    ask();
  }

  bool on_extended(int length, int number, lt::span<const char> body) override {
    // libtorrent passes a message on as it grows.
    if (number == kOurUtMetadata && asking_ && body.size() >= length) take(from_span(body));
    return false;  // libtorrent has its own questions.
  }

 private:
  void ask() {
    asking_ = true;
    seconds_left_ = kSecondsForAPeer;
    ++search_->asked;
    pieces_.emplace(offer_.size);
    for (std::size_t piece = 0; piece < pieces_->count(); ++piece) {
      const std::string message = metadata_question(offer_.number, piece);
      connection_.send_buffer(message.data(), static_cast<int>(message.size()));
    }
  }

  /// Once asked, a peer is not asked again: what it had was wrong, or did not come.
  void give_up() {
    if (!std::exchange(asking_, false)) return;
    done_ = true;
    --search_->asked;
    pieces_.reset();
  }

  void take(ByteView message) {
    const auto taken = pieces_->take(message);
    if (taken == MetadataPieces::Taken::kComplete) {
      if (auto info = pieces_->matching(search_->infohashes)) search_->found->set(std::move(*info));
    } else if (taken != MetadataPieces::Taken::kWrong) {
      return;
    }
    give_up();
  }

  std::shared_ptr<Search> search_;
  lt::peer_connection_handle connection_;
  MetadataOffer offer_;  // Of size 0: it has not said that it has one.
  bool asking_ = false, done_ = false;
  int seconds_left_ = 0;
  std::optional<MetadataPieces> pieces_;  // While it is asked.
};

class MetadataGuard final : public lt::torrent_plugin {
 public:
  MetadataGuard(std::shared_ptr<Search> search, lt::torrent_handle torrent)
      : search_(std::move(search)), torrent_(std::move(torrent)) {}

  std::shared_ptr<lt::peer_plugin> new_connection(
      const lt::peer_connection_handle& connection) override {
    if (connection.type() != lt::connection_type::bittorrent) return nullptr;
    has_peers_ = true;
    return std::make_shared<MetadataPeer>(search_, connection);
  }

  // Once a second.
  void tick() override {
    if (!has_peers_ || has_metadata_) return;
    has_metadata_ = torrent_.status({}).has_metadata;
    search_->wanted = !has_metadata_ && ++waited_ > kSecondsForLibtorrent;
  }

 private:
  std::shared_ptr<Search> search_;
  lt::torrent_handle torrent_;
  bool has_peers_ = false, has_metadata_ = false;
  int waited_ = 0;
};

}  // namespace

std::shared_ptr<lt::torrent_plugin> make_metadata_guard(const Infohashes& infohashes,
                                                        std::shared_ptr<FoundMetadata> found,
                                                        const lt::torrent_handle& torrent) {
  auto search = std::make_shared<Search>();
  search->infohashes = infohashes;
  search->found = std::move(found);
  return std::make_shared<MetadataGuard>(std::move(search), torrent);
}

}  // namespace phase::dht
