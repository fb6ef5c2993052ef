#include "sim/hostile/block_harm.h"

#include <algorithm>

namespace phase::sim {
namespace {

constexpr std::chrono::milliseconds kDripEvery{1000};

struct Harm {
  const PeerAttack& attack;
  const BlockRequest& asked;
  const Victim& victim;
  Chance& chance;
  Tally& tally;

  [[nodiscard]] Bytes with(ByteView block) const {
    return piece_message(asked.piece, asked.begin, block);
  }
  void count() const { tally.add(attack.tally_name()); }

  [[nodiscard]] bool truncate(ByteView block) const {
    const auto whole = with(block);
    if (victim.send(ByteView(whole).first(whole.size() / 2))) count();
    return false;
  }

  [[nodiscard]] bool stall(ByteView block) const {
    count();
    const auto sent = victim.drip(with(block), kDripEvery);
    tally.add(attack.tally_name() + "-bytes", sent);
    return false;
  }

  [[nodiscard]] bool corrupt(Bytes block) const {
    if (!block.empty()) block[chance.below(block.size())] ^= 1;
    if (!victim.send(with(block))) return false;
    count();
    return true;
  }

  [[nodiscard]] bool swap(ByteView block) const {
    const auto others = attack.other->read(asked.piece, asked.begin, asked.count);
    const bool differs = !std::equal(others.begin(), others.end(), block.begin(), block.end());
    if (!victim.send(with(others))) return false;
    if (differs) count();
    return true;
  }

  [[nodiscard]] bool lie_about_length(Bytes block) const {
    count();
    switch (chance.below(5)) {
      case 0:  // Shorter than asked for.
        block.resize(block.size() / 2);
        return victim.send(with(block));
      case 1:  // Longer.
        block.resize(block.size() + 1 + chance.below(kBlockBytes));
        return victim.send(with(block));
      case 2: {  // Somewhere else.
        const auto further = static_cast<std::uint32_t>(1 + chance.below(1U << 20));
        return victim.send(piece_message(asked.piece, asked.begin + further, block));
      }
      case 3:  // Of a piece that does not exist.
        return victim.send(piece_message(0xFFFFFFFF - asked.piece, asked.begin, block));
      default: {  // A message that says less than it carries.
        auto lie = with(block);
        lie[2] = static_cast<std::uint8_t>(chance.below(0x40));
        return victim.send(lie);
      }
    }
  }

  /// What comes is bounded by the victim's patience alone.
  [[nodiscard]] bool never_end(ByteView block) const {
    const auto kind = chance.below(3);
    const auto noise = chance.bytes(64 * 1024);
    Bytes endless = with(block);
    endless[0] = 0x7F;  // 2 GiB to come.
    if (kind == 0 && !victim.send(endless)) return false;
    const auto have = peer_message(kHave, Bytes{0, 0, 0, 0});
    Bytes many;
    for (int i = 0; i < 4096; ++i) many.insert(many.end(), have.begin(), have.end());
    const Bytes keep_alives(64 * 1024);
    const Bytes* const streams[] = {&noise, &many, &keep_alives};
    while (victim.send(*streams[kind])) count();
    return false;
  }
};

}  // namespace

bool harm_block(const PeerAttack& attack, const BlockRequest& request, const Victim& victim,
                Chance& chance, Tally& tally) {
  const Harm harm{attack, request, victim, chance, tally};
  Bytes block = attack.release.read(request.piece, request.begin, request.count);
  if (!attack.spare.empty() && attack.release.file_of(request.piece) == attack.spare) {
    return victim.send(harm.with(block));
  }
  switch (attack.kind) {
    case PeerKind::kTruncate:
      return harm.truncate(block);
    case PeerKind::kStall:
      return harm.stall(block);
    case PeerKind::kLieLength:
      return harm.lie_about_length(std::move(block));
    case PeerKind::kNeverEnd:
      return harm.never_end(block);
    case PeerKind::kSwap:
    case PeerKind::kReplay:
      return harm.swap(block);
    default:
      return harm.corrupt(std::move(block));
  }
}

}  // namespace phase::sim
