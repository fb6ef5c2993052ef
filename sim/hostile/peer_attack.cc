#include "sim/hostile/peer_attack.h"

#include <algorithm>
#include <array>

#include "proto/bencode.h"
#include "sim/hostile/block_harm.h"
#include "sim/hostile/pex_attack.h"

namespace phase::sim {
namespace {

constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 20;
constexpr std::uint8_t kOurMetadataNumber = 3;

class Connection {
 public:
  Connection(const PeerAttack& attack, const Victim& victim, Tally& tally)
      : attack_(attack),
        victim_(victim),
        tally_(tally),
        chance_(attack.rng_seed * 1'000'003 + victim.number()),
        name_(attack.tally_name()) {}

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
    return attack_.kind == PeerKind::kReplay ? *attack_.other : attack_.release;
  }

  bool shake_hands() {
    std::array<std::uint8_t, 68> theirs{};
    if (!victim_.read(theirs.data(), theirs.size())) return false;
    Bytes ours = handshake_answer(theirs, chance_.bytes(20));
    if (forges_hashes()) {
      // Claims version 2, so that hashes are asked for.
      ours[27] |= 0x10;
      std::copy(attack_.release.v2_cut().begin(), attack_.release.v2_cut().end(), ours.begin() + 28);
    }
    Bytes extended = {0};
    auto size = static_cast<std::int64_t>(shown().info().size());
    if (attack_.kind == PeerKind::kLieLength && chance_.one_in(3)) {
      constexpr std::array<std::int64_t, 5> kLies = {0, -1, 1, 1'000'000'000, INT64_MAX};
      size = kLies.at(chance_.below(kLies.size()));
      tally_.add(name_);
    }
    bencode::put_raw(extended, "d1:md11:ut_metadatai3ee13:metadata_size");
    bencode::put_integer(extended, size);
    bencode::put_raw(extended, "e");
    for (const Bytes& part : {ours, peer_message(kExtended, extended),
                              peer_message(kHaveAll, {}), peer_message(kUnchoke, {})}) {
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
      case kRequest: return answer_request(rest);
      case kExtended: return answer_extended(rest);
      case kHashRequest: return answer_hashes(rest);
      default: return true;
    }
  }

  bool answer_request(ByteView body) {
    const auto request = read_request_body(body);
    return !request || harm_block(attack_, *request, victim_, chance_, tally_);
  }

  bool answer_extended(ByteView body) {
    if (body.empty()) return true;
    if (body[0] == 0) {
      const auto number = read_extension_number(body.subspan(1), "ut_metadata");
      if (number) their_metadata_number_ = *number;
      return true;
    }
    if (body[0] != kOurMetadataNumber) return true;
    const auto piece = read_metadata_request(body.subspan(1));
    return !piece || send_metadata(*piece);
  }

  bool send_metadata(std::int64_t piece) {
    const std::string& info = shown().info();
    const std::size_t pieces = (info.size() + kBlockBytes - 1) / kBlockBytes;
    if (piece < 0 || static_cast<std::uint64_t>(piece) >= pieces) return true;
    std::string part = info.substr(static_cast<std::size_t>(piece) * kBlockBytes, kBlockBytes);
    if (attack_.kind == PeerKind::kLieLength && chance_.one_in(2)) {
      part.resize(chance_.below(2 * kBlockBytes));
      tally_.add(name_);
    }
    const auto answer =
        metadata_message(their_metadata_number_, piece, info.size(), as_bytes(part));
    if (!victim_.send(answer)) return false;
    if (attack_.kind == PeerKind::kReplay) tally_.add(name_);
    return true;
  }

  bool answer_hashes(ByteView asked) {
    if (!forges_hashes() || asked.size() != 48) {
      return victim_.send(peer_message(kHashReject, asked));
    }
    // Roots, base layer, index and count as asked; then the hashes and as many uncles.
    const std::size_t count = std::min<std::size_t>(get32(asked, 40) + get32(asked, 44), 1024);
    Bytes body(asked.begin(), asked.end());
    const auto hashes = chance_.bytes(32 * count);
    body.insert(body.end(), hashes.begin(), hashes.end());
    if (!victim_.send(peer_message(kHashes, body))) return false;
    tally_.add(name_);
    return true;
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
      "swap",    "replay",   "forge-hashes", "mute", "garbage",
      "pex-nowhere", "pex-flood", "pex-bystander", "pex-again", "pex-garbage"};
  return kNames;
}

std::optional<PeerKind> parse_peer_kind(const std::string& name) {
  const auto& names = peer_kind_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<PeerKind>(found - names.begin());
}

std::string PeerAttack::tally_name() const {
  const std::string name = peer_kind_names()[static_cast<std::size_t>(kind)];
  return other ? name + "-" + std::to_string(other->version()) : name;
}

void attack_as_peer(const PeerAttack& attack, const Victim& victim, Tally& tally) {
  if (is_pex_kind(attack.kind)) return attack_by_pex(attack, victim, tally);
  Connection(attack, victim, tally).run();
}

}  // namespace phase::sim
