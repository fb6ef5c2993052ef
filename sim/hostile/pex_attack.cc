#include "sim/hostile/pex_attack.h"

#include <array>
#include <chrono>
#include <optional>

#include "sim/hostile/peer_wire.h"

namespace phase::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 20;
constexpr std::size_t kNamed = 50;  // BEP 11: of one message.
constexpr std::size_t kFlood = 10'000;
/// How fast it lies is part of the attack: without end, and slow enough that each message is taken.
constexpr milliseconds kPause{100};
constexpr milliseconds kFloodPause{20};
/// Connections of our own to whoever came once, and what each of them names.
constexpr int kAgain = 40;
constexpr std::uint64_t kMessagesAgain = 4;

void put_compact(std::string& out, const Endpoint& peer) {
  out.append(as_text(peer.compact()));
}

/// Of the simulated network's part in which nobody is.
Endpoint nobody(Chance& chance) {
  Endpoint out;
  out.address = {10, 77, static_cast<std::uint8_t>(100 + chance.below(100)),
                 static_cast<std::uint8_t>(1 + chance.below(254))};
  out.port = static_cast<std::uint16_t>(1 + chance.below(65'535));
  return out;
}

std::string added(const std::string& compact) {
  return "d5:added" + std::to_string(compact.size()) + ":" + compact + "e";
}

std::string malformed(Chance& chance) {
  std::string some;
  for (int i = 0; i < 3; ++i) put_compact(some, nobody(chance));
  switch (chance.below(8)) {
    case 0: return std::string(as_text(chance.bytes(chance.below(2000))));
    case 1: return added(some.substr(0, 1 + chance.below(some.size() - 1)));
    case 2: return "d5:addedi" + std::to_string(chance.below(1U << 30)) + "ee";
    case 3: return "d5:added9999999999:" + some + "e";
    case 4: return "d5:addedl" + std::string(500, 'l') + std::string(500, 'e') + "ee";
    case 5: return "d6:added617:" + some.substr(0, 17) + "7:added.f3:" + some.substr(0, 3) + "e";
    case 6: return "d7:droppedi-1e5:added18:" + some + "e";
    default: return added(std::string(kNamed * 6, '\0'));
  }
}

class PexLiar {
 public:
  PexLiar(const PeerAttack& attack, std::uint64_t number, Tally& tally)
      : attack_(attack), tally_(tally), chance_(attack.rng_seed * 1'000'003 + number),
        name_(attack.tally_name()) {}

  /// To somebody who has connected.
  void answer(const Victim& victim) {
    std::array<std::uint8_t, 68> theirs{};
    if (!victim.read(theirs.data(), theirs.size())) return;
    const auto said = greet(victim, handshake_answer(theirs, chance_.bytes(20)));
    if (!said) return;
    if (attack_.kind == PeerKind::kPexAgain) come_again(victim, said->port);
    const auto pause = attack_.kind == PeerKind::kPexFlood ? kFloodPause : kPause;
    while (lie(victim, said->number) && victim.stays_for(pause)) {
    }
  }

 private:
  /// What the other end says of itself.
  struct Said {
    std::uint8_t number = 0;  ///< Of its ut_pex messages.
    std::uint16_t port = 0;   ///< Where it takes connections; 0: it did not say.
  };

  std::optional<Said> greet(const Victim& victim, Bytes hello) {
    const std::string offer = std::string(1, '\0') + "d1:md6:ut_pexi1eee";
    for (const Bytes& part : {peer_message(kExtended, as_bytes(offer)), peer_message(kHaveNone, {})}) {
      hello.insert(hello.end(), part.begin(), part.end());
    }
    if (!victim.send(hello)) return std::nullopt;
    while (const auto body = read_message(victim)) {
      if (body->size() < 2 || (*body)[0] != kExtended || (*body)[1] != 0) continue;
      const ByteView said = ByteView(*body).subspan(2);
      const auto number = read_extension_number(said, "ut_pex");
      if (!number) return std::nullopt;
      return Said{*number, read_listen_port(said).value_or(0)};
    }
    return std::nullopt;
  }

  static std::optional<Bytes> read_message(const Victim& victim) {
    std::array<std::uint8_t, 4> prefix{};
    if (!victim.read(prefix.data(), prefix.size())) return std::nullopt;
    const std::size_t size = get32(prefix, 0);
    if (size > kMaxMessageBytes) return std::nullopt;
    Bytes body(size);
    if (!victim.read(body.data(), body.size())) return std::nullopt;
    return body;
  }

  bool lie(const Victim& victim, std::uint8_t number) {
    const std::string lie = pex_lie(attack_.kind, attack_.bystander, told_++, chance_);
    Bytes body = {number};
    body.insert(body.end(), lie.begin(), lie.end());
    if (!victim.send(peer_message(kExtended, body))) return false;
    tally_.add(name_);
    return true;
  }

  void come_again(const Victim& victim, std::uint16_t port) {
    Endpoint at = victim.remote();
    at.port = port;
    for (int i = 0; i < kAgain && port != 0; ++i) {
      const auto again = call(at);
      if (!again) return;
      std::array<std::uint8_t, 68> theirs{};
      if (!again->send(handshake(attack_.release.v1(), chance_.bytes(20)))) continue;
      if (!again->read(theirs.data(), theirs.size())) continue;
      const auto said = greet(*again, {});
      for (std::uint64_t message = 0; said && message < kMessagesAgain; ++message) {
        if (!lie(*again, said->number)) break;
      }
    }
  }

  const PeerAttack& attack_;
  Tally& tally_;
  Chance chance_;
  std::string name_;
  std::uint64_t told_ = 0;
};

}  // namespace

bool is_pex_kind(PeerKind kind) {
  return kind >= PeerKind::kPexNowhere && kind <= PeerKind::kPexGarbage;
}

std::string pex_lie(PeerKind kind, const Endpoint& bystander, std::uint64_t number,
                    Chance& chance) {
  if (kind == PeerKind::kPexGarbage) return malformed(chance);
  const bool of_one = kind == PeerKind::kPexBystander || kind == PeerKind::kPexAgain;
  std::string compact;
  for (std::size_t i = 0; i < (kind == PeerKind::kPexFlood ? kFlood : kNamed); ++i) {
    Endpoint named = of_one ? bystander : nobody(chance);
    if (of_one) named.port = static_cast<std::uint16_t>(1 + (number * kNamed + i) % 65'535);
    put_compact(compact, named);
  }
  return added(compact);
}

void attack_by_pex(const PeerAttack& attack, const Victim& victim, Tally& tally) {
  PexLiar(attack, victim.number(), tally).answer(victim);
}

}  // namespace phase::sim
