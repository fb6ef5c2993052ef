#include "dht/metadata_guard.h"

#include <algorithm>
#include <libtorrent/bdecode.hpp>
#include <libtorrent/error_code.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/torrent_handle.hpp>
#include <libtorrent/torrent_status.hpp>
#include <utility>
#include <vector>

#include "dht/convert.h"

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
constexpr std::size_t kPieceBytes = 16 * 1024;  // BEP 9.
constexpr int kOurNumber = 2;                   // libtorrent's number for ut_metadata.
constexpr char kExtended = 20;                  // BEP 10.

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
    if (said.type() != lt::bdecode_node::dict_t) return true;
    const auto numbers = said.dict_find_dict("m");
    const auto number = numbers ? numbers.dict_find_int_value("ut_metadata", 0) : 0;
    const auto size = said.dict_find_int_value("metadata_size", 0);
    if (number < 1 || number > 255) return true;
    if (size < 1 || size > static_cast<std::int64_t>(kMaxMetadataBytes)) return true;
    their_number_ = static_cast<char>(number);
    size_ = static_cast<std::size_t>(size);
    return true;
  }

  void tick() override {
    if (asking_ && (!search_->wanted || --seconds_left_ <= 0)) give_up();
    if (done_ || asking_ || size_ == 0 || !search_->wanted) return;
    if (search_->asked >= kMaxPeersAsked) return;
    ask();
  }

  bool on_extended(int length, int number, lt::span<const char> body) override {
    if (number == kOurNumber && asking_ && body.size() >= length) take(body);
    return false;  // libtorrent has its own questions.
  }

 private:
  [[nodiscard]] std::size_t pieces() const { return (size_ + kPieceBytes - 1) / kPieceBytes; }

  void ask() {
    asking_ = true;
    seconds_left_ = kSecondsForAPeer;
    ++search_->asked;
    info_.assign(size_, 0);
    has_.assign(pieces(), false);
    for (std::size_t piece = 0; piece < pieces(); ++piece) {
      const std::string body = "d8:msg_typei0e5:piecei" + std::to_string(piece) + "ee";
      const auto size = static_cast<char>(body.size() + 2);
      const std::string message = std::string{0, 0, 0, size, kExtended, their_number_} + body;
      connection_.send_buffer(message.data(), static_cast<int>(message.size()));
    }
  }

  /// Once asked, a peer is not asked again: what it had was wrong, or did not come.
  void give_up() {
    if (!std::exchange(asking_, false)) return;
    done_ = true;
    --search_->asked;
    info_ = {};
  }

  void take(lt::span<const char> body) {
    lt::error_code error;
    int end = 0;
    const auto head = lt::bdecode(body, error, &end);
    if (head.type() != lt::bdecode_node::dict_t) return;
    const auto piece = head.dict_find_int_value("piece", -1);
    if (head.dict_find_int_value("msg_type", -1) != 1 || piece < 0) return;
    const auto at = static_cast<std::size_t>(piece);
    if (at >= pieces() || has_[at]) return;
    const auto data = body.subspan(head.data_section().size());
    const std::size_t expected = std::min(kPieceBytes, size_ - at * kPieceBytes);
    if (static_cast<std::size_t>(data.size()) != expected) return give_up();
    std::copy(data.begin(), data.end(), info_.begin() + static_cast<std::ptrdiff_t>(at * kPieceBytes));
    has_[at] = true;
    if (std::find(has_.begin(), has_.end(), false) != has_.end()) return;
    const bool good = sha1(info_) == search_->infohashes.v1 &&
                      sha256(info_) == search_->infohashes.v2;
    if (good) search_->found->set(info_);
    give_up();
  }

  std::shared_ptr<Search> search_;
  lt::peer_connection_handle connection_;
  char their_number_ = 0;
  std::size_t size_ = 0;  // None: it has not said that it has one.
  bool asking_ = false, done_ = false;
  int seconds_left_ = 0;
  Bytes info_;
  std::vector<bool> has_;
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
