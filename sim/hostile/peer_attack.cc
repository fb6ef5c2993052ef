#include "sim/hostile/peer_attack.h"

#include <algorithm>
#include <array>

#include "proto/bencode.h"

namespace phase::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 20;
constexpr std::uint32_t kBlockBytes = 16 * 1024;
constexpr std::uint8_t kOurMetadataNumber = 3;
constexpr milliseconds kDripEvery{1000};

// Message numbers: BEP 3, BEP 6 (fast), BEP 10 (extended), BEP 52 (hashes).
enum Message : std::uint8_t {
  kUnchoke = 1, kHave = 4, kRequest = 6, kPiece = 7, kHaveAll = 14, kExtended = 20,
  kHashRequest = 21, kHashes = 22, kHashReject = 23,
};

void put32(Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::uint32_t get32(ByteView bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 |
         std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

Bytes message(std::uint8_t number, ByteView body) {
  Bytes out;
  put32(out, static_cast<std::uint32_t>(body.size() + 1));
  out.push_back(number);
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

Bytes piece_message(std::uint32_t piece, std::uint32_t begin, ByteView block) {
  Bytes body;
  put32(body, piece);
  put32(body, begin);
  body.insert(body.end(), block.begin(), block.end());
  return message(kPiece, body);
}

class Connection {
 public:
  Connection(const PeerAttack& attack, const Victim& victim, Tally& tally)
      : attack_(attack),
        victim_(victim),
        tally_(tally),
        chance_(attack.rng_seed * 1'000'003 + victim.number()),
        name_(peer_kind_names()[static_cast<std::size_t>(attack.kind)]) {}

  void run() {
    if (attack_.kind == PeerKind::kMute) {
      tally_.add(name_);
      return victim_.wait_until_closed();
    }
    if (attack_.kind == PeerKind::kGarbage) {
      if (victim_.send(chance_.bytes(1 + chance_.below(4096)))) tally_.add(name_);
      return victim_.wait_until_closed();
    }
    if (!shake_hands()) return;
    while (answer_next()) {
    }
  }

 private:
  [[nodiscard]] bool forges_hashes() const { return attack_.kind == PeerKind::kForgeHashes; }
  [[nodiscard]] const ReleaseCopy& shown() const {
    return attack_.kind == PeerKind::kReplay && attack_.other ? *attack_.other : attack_.release;
  }

  bool shake_hands() {
    std::array<std::uint8_t, 68> theirs{};
    if (!victim_.read(theirs.data(), theirs.size())) return false;
    Bytes ours(theirs.begin(), theirs.end());
    std::fill_n(ours.begin() + 20, 8, std::uint8_t{0});
    ours[25] = 0x10;  // Extension protocol.
    ours[27] = 0x04;  // Fast extension.
    if (forges_hashes()) {
      // Claims version 2, so that hashes are asked for.
      ours[27] |= 0x10;
      std::copy(attack_.release.v2_cut().begin(), attack_.release.v2_cut().end(), ours.begin() + 28);
    }
    const auto id = chance_.bytes(20);
    std::copy(id.begin(), id.end(), ours.begin() + 48);
    Bytes extended = {0};
    auto size = static_cast<std::int64_t>(shown().info().size());
    if (attack_.kind == PeerKind::kLieLength && chance_.one_in(3)) {
      constexpr std::array<std::int64_t, 5> kLies = {0, -1, 1, 1'000'000'000, INT64_MAX};
      size = kLies.at(chance_.below(kLies.size()));
      tally_.add(name_ + "-metadata");
    }
    bencode::put_raw(extended, "d1:md11:ut_metadatai3ee13:metadata_size");
    bencode::put_integer(extended, size);
    bencode::put_raw(extended, "e");
    for (const Bytes& part : {ours, message(kExtended, extended), message(kHaveAll, {}),
                              message(kUnchoke, {})}) {
      if (!victim_.send(part)) return false;
    }
    return true;
  }

  bool answer_next() {
    std::array<std::uint8_t, 4> prefix{};
    if (!victim_.read(prefix.data(), prefix.size())) return false;
    const std::uint32_t size = get32(prefix, 0);
    if (size > kMaxMessageBytes) return false;
    Bytes body(size);
    if (size == 0) return true;
    if (!victim_.read(body.data(), body.size())) return false;
    const ByteView rest = ByteView(body).subspan(1);
    switch (body[0]) {
      case kRequest: return rest.size() != 12 || answer_request(rest);
      case kExtended: return answer_extended(rest);
      case kHashRequest: return answer_hashes(rest);
      default: return true;
    }
  }

  bool answer_extended(ByteView body) {
    if (body.empty()) return true;
    if (body[0] == 0) {
      const auto said = bencode::decode(body.subspan(1), {.bytes = kMaxMessageBytes});
      if (!said) return true;
      const auto* m = said->find("m", bencode::Value::Kind::kDict);
      const auto* number =
          m == nullptr ? nullptr : m->find("ut_metadata", bencode::Value::Kind::kInteger);
      if (number != nullptr) their_metadata_number_ = static_cast<std::uint8_t>(number->integer);
      return true;
    }
    if (body[0] != kOurMetadataNumber) return true;
    const auto asked = bencode::decode(body.subspan(1), {.bytes = kMaxMessageBytes});
    if (!asked) return true;
    const auto* type = asked->find("msg_type", bencode::Value::Kind::kInteger);
    const auto* piece = asked->find("piece", bencode::Value::Kind::kInteger);
    if (type == nullptr || piece == nullptr || type->integer != 0) return true;
    return send_metadata(piece->integer);
  }

  bool send_metadata(std::int64_t piece) {
    const std::string& info = shown().info();
    const std::size_t from = static_cast<std::size_t>(piece) * kBlockBytes;
    if (piece < 0 || from >= info.size()) return true;
    std::string part = info.substr(from, kBlockBytes);
    if (attack_.kind == PeerKind::kLieLength && chance_.one_in(2)) {
      part.resize(chance_.below(2 * kBlockBytes));
      tally_.add(name_ + "-metadata");
    }
    if (attack_.kind == PeerKind::kReplay) tally_.add(name_);
    Bytes out = {their_metadata_number_};
    bencode::put_raw(out, "d8:msg_typei1e5:piece");
    bencode::put_integer(out, piece);
    bencode::put_raw(out, "10:total_size");
    bencode::put_integer(out, static_cast<std::int64_t>(info.size()));
    bencode::put_raw(out, "e");
    bencode::put_raw(out, part);
    return victim_.send(message(kExtended, out));
  }

  bool answer_hashes(ByteView asked) {
    if (!forges_hashes() || asked.size() != 48) return victim_.send(message(kHashReject, asked));
    // Roots, base layer, index and count as asked; then the hashes and as many uncles.
    const std::size_t count = std::min<std::size_t>(get32(asked, 40) + get32(asked, 44), 1024);
    Bytes body(asked.begin(), asked.end());
    const auto hashes = chance_.bytes(32 * count);
    body.insert(body.end(), hashes.begin(), hashes.end());
    if (!victim_.send(message(kHashes, body))) return false;
    tally_.add(name_);
    return true;
  }

  bool answer_request(ByteView request) {
    const std::uint32_t piece = get32(request, 0);
    const std::uint32_t begin = get32(request, 4);
    const std::uint32_t count = std::min(get32(request, 8), kBlockBytes);
    const bool swaps = attack_.kind == PeerKind::kSwap && attack_.other;
    Bytes block = attack_.release.read(piece, begin, count);
    if (!attack_.spare.empty() && attack_.release.file_of(piece) == attack_.spare) {
      return victim_.send(piece_message(piece, begin, block));
    }
    if (swaps) {
      const auto others = attack_.other->read(piece, begin, count);
      const bool differs = others != block;
      if (!victim_.send(piece_message(piece, begin, others))) return false;
      if (differs) tally_.add(name_);
      return true;
    }
    return send_harm(piece, begin, std::move(block));
  }

  bool send_harm(std::uint32_t piece, std::uint32_t begin, Bytes block) {
    switch (attack_.kind) {
      case PeerKind::kTruncate: {
        const auto whole = piece_message(piece, begin, block);
        if (victim_.send(ByteView(whole).first(whole.size() / 2))) tally_.add(name_);
        return false;
      }
      case PeerKind::kStall: {
        tally_.add(name_);
        const auto sent = victim_.drip(piece_message(piece, begin, block), kDripEvery);
        tally_.add(name_ + "-bytes", sent);
        return false;
      }
      case PeerKind::kLieLength: return lie_about_length(piece, begin, std::move(block));
      case PeerKind::kNeverEnd: return never_end(piece, begin, block);
      default:
        if (!block.empty()) block[chance_.below(block.size())] ^= 1;
        if (!victim_.send(piece_message(piece, begin, block))) return false;
        tally_.add(name_);
        return true;
    }
  }

  bool lie_about_length(std::uint32_t piece, std::uint32_t begin, Bytes block) {
    tally_.add(name_);
    switch (chance_.below(5)) {
      case 0:  // Shorter than asked for.
        block.resize(block.size() / 2);
        return victim_.send(piece_message(piece, begin, block));
      case 1:  // Longer.
        block.resize(block.size() + 1 + chance_.below(kBlockBytes));
        return victim_.send(piece_message(piece, begin, block));
      case 2:  // Somewhere else.
        return victim_.send(piece_message(piece, begin + 1 + static_cast<std::uint32_t>(
                                                               chance_.below(1U << 20)), block));
      case 3:  // Of a piece that does not exist.
        return victim_.send(piece_message(0xFFFFFFFF - piece, begin, block));
      default: {  // A message that says less than it carries.
        auto lie = piece_message(piece, begin, block);
        lie[2] = static_cast<std::uint8_t>(chance_.below(0x40));
        return victim_.send(lie);
      }
    }
  }

  /// What comes is bounded by the victim's patience alone.
  bool never_end(std::uint32_t piece, std::uint32_t begin, const Bytes& block) {
    const auto kind = chance_.below(3);
    const auto noise = chance_.bytes(64 * 1024);
    Bytes endless = piece_message(piece, begin, block);
    endless[0] = 0x7F;  // 2 GiB to come.
    if (kind == 0 && !victim_.send(endless)) return false;
    const auto have = message(kHave, Bytes{0, 0, 0, 0});
    Bytes many;
    for (int i = 0; i < 4096; ++i) many.insert(many.end(), have.begin(), have.end());
    const Bytes keep_alives(64 * 1024);
    const Bytes* const streams[] = {&noise, &many, &keep_alives};
    while (victim_.send(*streams[kind])) tally_.add(name_);
    return false;
  }

  const PeerAttack& attack_;
  const Victim& victim_;
  Tally& tally_;
  Chance chance_;
  std::string name_;
  std::uint8_t their_metadata_number_ = 2;
};

}  // namespace

const std::vector<std::string>& peer_kind_names() {
  static const std::vector<std::string> kNames = {
      "corrupt", "truncate", "lie-length", "stall", "never-end",
      "swap",    "replay",   "forge-hashes", "mute", "garbage"};
  return kNames;
}

std::optional<PeerKind> parse_peer_kind(const std::string& name) {
  const auto& names = peer_kind_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<PeerKind>(found - names.begin());
}

void attack_as_peer(const PeerAttack& attack, const Victim& victim, Tally& tally) {
  Connection(attack, victim, tally).run();
}

}  // namespace phase::sim
