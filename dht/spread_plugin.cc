#include "dht/spread_plugin.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <libtorrent/bdecode.hpp>
#include <libtorrent/extensions.hpp>
#include <libtorrent/peer_connection_handle.hpp>
#include <libtorrent/torrent_info.hpp>
#include <map>
#include <random>

#include "dht/spread.h"

namespace phase::dht {
namespace {

namespace lt = libtorrent;

MonoTime now() { return std::chrono::steady_clock::now(); }

class SpreadPeer;

/// What the connections of one torrent share.
struct Giver {
  explicit Giver(const lt::torrent_info& torrent)
      : pieces(static_cast<std::size_t>(torrent.num_pieces())),
        spread(pieces, std::random_device{}()) {
    const auto& files = torrent.files();
    std::int64_t largest = -1;
    for (const auto file : files.file_range()) {
      if (files.pad_file_at(file) || files.file_size(file) <= largest) continue;
      largest = files.file_size(file);
      first = files.piece_index_at_file(file);
      end = files.piece_index_at_file(file) +
            lt::piece_index_t::diff_type(files.file_num_pieces(file));
    }
    for (const auto piece : files.piece_range()) sizes.push_back(files.piece_size(piece));
  }

  void turn();

  std::size_t pieces;
  lt::piece_index_t first{0}, end{0};  ///< Of the largest file.
  std::vector<int> sizes;
  Spread spread;
  std::map<Spread::Peer, SpreadPeer*> peers;
};

class SpreadPeer final : public lt::peer_plugin {
 public:
  SpreadPeer(std::shared_ptr<Giver> giver, lt::peer_connection_handle connection)
      : giver_(std::move(giver)),
        connection_(std::move(connection)),
        has_(giver_->pieces),
        reachable_(connection_.is_outgoing()) {}
  ~SpreadPeer() override { leave(); }
  SpreadPeer(const SpreadPeer&) = delete;
  SpreadPeer& operator=(const SpreadPeer&) = delete;

  bool on_handshake(lt::span<char const> reserved) override {
    fast_ = reserved.size() == 8 && (reserved[7] & 0x04) != 0;
    return true;
  }
  bool on_extension_handshake(const lt::bdecode_node& handshake) override {
    const auto port = handshake.type() == lt::bdecode_node::dict_t
                          ? handshake.dict_find_int_value("p", 0) : 0;
    reachable_ = reachable_ || (port > 0 && port < 65'536);
    return true;
  }
  bool on_bitfield(const lt::bitfield& bits) override {
    for (std::size_t i = 0; i < has_.size() && static_cast<int>(i) < bits.size(); ++i) {
      has_[i] = bits[static_cast<int>(i)];
    }
    return false;
  }
  bool on_have_all() override {
    has_.assign(has_.size(), true);
    leave();
    giver_->turn();
    return false;
  }
  bool on_have(lt::piece_index_t piece) override {
    const int index = static_cast<int>(piece);
    if (index < 0 || static_cast<std::size_t>(index) >= has_.size()) return false;
    has_[static_cast<std::size_t>(index)] = true;
    if (!joined_) return false;
    giver_->spread.has(this, static_cast<std::uint32_t>(index), now());
    giver_->turn();
    return false;
  }
  bool on_request(const lt::peer_request& request) override {
    const bool wants_all = request.piece >= giver_->first && request.piece < giver_->end;
    if (joined_) {
      giver_->spread.asked(this, static_cast<std::uint32_t>(static_cast<int>(request.piece)), now());
      return false;
    }
    if (!fast_ || !wants_all || !reachable_) return false;
    joined_ = true;
    giver_->spread.join(this, has_);
    giver_->spread.asked(this, static_cast<std::uint32_t>(static_cast<int>(request.piece)), now());
    giver_->peers[this] = this;
    giver_->turn();
    return false;
  }
  void sent_piece(const lt::peer_request& request) override {
    if (!joined_) return;
    const auto index = static_cast<std::size_t>(static_cast<int>(request.piece));
    if (index >= giver_->sizes.size()) return;
    // Blocks are asked for in order, the last one last.
    if (request.start + request.length < giver_->sizes[index]) return;
    giver_->spread.sent(this, static_cast<std::uint32_t>(index), now());
  }
  void sent_unchoke() override {
    if (held_) send(kChoke);
  }
  void on_disconnect(const lt::error_code&) override {
    leave();
    giver_->turn();
  }

  void hold(bool held) {
    if (held == held_) return;
    held_ = held;
    if (!connection_.is_choked()) send(held ? kChoke : kUnchoke);
  }
  void give(std::uint32_t piece) {
    const std::array<char, 9> message = {
        0, 0, 0, 5, kAllowedFast, static_cast<char>(piece >> 24), static_cast<char>(piece >> 16),
        static_cast<char>(piece >> 8), static_cast<char>(piece)};
    connection_.send_buffer(message.data(), static_cast<int>(message.size()));
  }

 private:
  static constexpr char kChoke = 0, kUnchoke = 1, kAllowedFast = 0x11;

  void send(char kind) {
    const std::array<char, 5> message = {0, 0, 0, 1, kind};
    connection_.send_buffer(message.data(), static_cast<int>(message.size()));
  }
  void leave() {
    if (!joined_) return;
    joined_ = false;
    giver_->spread.leave(this);
    giver_->peers.erase(this);
  }

  std::shared_ptr<Giver> giver_;
  lt::peer_connection_handle connection_;
  std::vector<bool> has_;
  bool reachable_;
  bool fast_ = false;
  bool joined_ = false;
  bool held_ = false;
};

void Giver::turn() {
  // Gifts first: whoever turns out not to take them is let go at once.
  std::vector<Spread::Gift> gifts;
  while (const auto gift = spread.next(now())) gifts.push_back(*gift);
  for (const auto& [name, peer] : std::map(peers)) {
    if (peers.contains(name)) peer->hold(spread.gives_to(name));
  }
  for (const auto& gift : gifts) {
    if (const auto to = peers.find(gift.peer); to != peers.end()) to->second->give(gift.piece);
  }
}

class SpreadSeed final : public lt::torrent_plugin {
 public:
  explicit SpreadSeed(const lt::torrent_info& torrent) : giver_(std::make_shared<Giver>(torrent)) {}
  std::shared_ptr<lt::peer_plugin> new_connection(
      const lt::peer_connection_handle& connection) override {
    return std::make_shared<SpreadPeer>(giver_, connection);
  }
  void tick() override { giver_->turn(); }

 private:
  std::shared_ptr<Giver> giver_;
};

}  // namespace

std::shared_ptr<lt::torrent_plugin> make_spread_plugin(const lt::torrent_info& torrent) {
  return std::make_shared<SpreadSeed>(torrent);
}

}  // namespace phase::dht
