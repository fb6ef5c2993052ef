#include "dht/spread.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <tuple>
#include <utility>

namespace phase::dht {

Spread::Spread(std::size_t pieces, std::uint32_t rng_seed) : pieces_(pieces) {
  std::vector<std::uint32_t> ranks(pieces);
  std::iota(ranks.begin(), ranks.end(), 0U);
  std::mt19937 random(rng_seed);
  std::shuffle(ranks.begin(), ranks.end(), random);
  for (std::size_t i = 0; i < pieces; ++i) pieces_[i].rank = ranks[i];
}

void Spread::join(Peer peer, std::vector<bool> has) {
  leave(peer);
  Taker& taker = takers_[peer];
  taker.has = std::move(has);
  taker.has.resize(pieces_.size(), false);
  taker.took.assign(pieces_.size(), false);
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    if (taker.has[i]) ++pieces_[i].had;
    else ++taker.lacks;
  }
}

void Spread::leave(Peer peer) {
  const auto found = takers_.find(peer);
  if (found == takers_.end()) return;
  for (const OnItsWay& gift : found->second.given) --pieces_[gift.piece].given;
  for (std::size_t i = 0; i < pieces_.size(); ++i) pieces_[i].had -= found->second.has[i] ? 1 : 0;
  takers_.erase(found);
}

void Spread::has(Peer peer, std::uint32_t piece, MonoTime now) {
  const auto found = takers_.find(peer);
  if (found == takers_.end() || piece >= pieces_.size() || found->second.has[piece]) return;
  Taker& taker = found->second;
  taker.has[piece] = true;
  --taker.lacks;
  ++pieces_[piece].had;
  const auto gift = std::find_if(taker.given.begin(), taker.given.end(),
                                 [piece](const OnItsWay& one) { return one.piece == piece; });
  if (gift == taker.given.end()) return;
  taker.asked = now;
  const Duration took = now - gift->since;
  if (took < kFast) taker.window = std::min(taker.window + 1, kMostGiven);
  if (took > kSlow) taker.window = std::max<std::size_t>(taker.window - 1, 1);
  taker.given.erase(gift);
  came_.push_back(now);
}

void Spread::asked(Peer peer, std::uint32_t piece, MonoTime now) {
  const auto found = takers_.find(peer);
  if (found == takers_.end()) return;
  Taker& taker = found->second;
  if (piece >= pieces_.size() || taker.has[piece]) return;
  const bool gift = std::any_of(taker.given.begin(), taker.given.end(),
                                [piece](const OnItsWay& one) { return one.piece == piece; });
  if (gift) taker.asked = now;
  if (gift || taker.took[piece]) return;
  taker.took[piece] = true;
  ++pieces_[piece].given;
}

void Spread::sent(Peer peer, std::uint32_t piece, MonoTime now) {
  const auto found = takers_.find(peer);
  if (found == takers_.end()) return;
  for (OnItsWay& gift : found->second.given) {
    if (gift.piece == piece && !gift.sent) gift.sent = now;
  }
}

bool Spread::gives_to(Peer peer) const {
  const auto found = takers_.find(peer);
  return found != takers_.end() && found->second.takes() && crowd();
}

bool Spread::crowd() const {
  const auto takers = std::count_if(takers_.begin(), takers_.end(),
                                    [](const auto& one) { return one.second.takes(); });
  return static_cast<std::size_t>(takers) >= kCrowd;
}

void Spread::give_up_lost(Taker& taker, MonoTime now) {
  if (!taker.given.empty() && now - taker.asked >= kUnasked) taker.takes_gifts = false;
  std::erase_if(taker.given, [&](const OnItsWay& gift) {
    if (gift.sent && now - *gift.sent >= kUnsaid) taker.takes_gifts = false;
    if (now - gift.since < kLost) return false;
    --pieces_[gift.piece].given;
    taker.window = 1;
    return true;
  });
}

std::optional<std::uint32_t> Spread::choose(const Taker& taker) const {
  const auto key = [this](std::uint32_t piece) {
    const Piece& one = pieces_[piece];
    return std::tuple(one.given, one.had, one.rank);
  };
  std::optional<std::uint32_t> best;
  for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
    if (taker.has[i] || (best && key(i) >= key(*best))) continue;
    const bool on_its_way = std::any_of(taker.given.begin(), taker.given.end(),
                                        [i](const OnItsWay& gift) { return gift.piece == i; });
    if (!on_its_way) best = i;
  }
  return best;
}

bool Spread::line_is_full(bool with_copies, MonoTime now) {
  while (!came_.empty() && now - came_.front() >= kMeasured) came_.pop_front();
  std::size_t under_way = 0;
  for (const auto& [peer, taker] : takers_) {
    under_way += static_cast<std::size_t>(
        std::count_if(taker.given.begin(), taker.given.end(),
                      [now](const OnItsWay& gift) { return now - gift.since < kStale; }));
  }
  const std::size_t most = std::max(kFewestGiven, came_.size() + came_.size() / 4);
  return under_way >= (with_copies ? kFewestGiven : most);
}

std::optional<Spread::Gift> Spread::next(MonoTime now) {
  if (!crowd()) return std::nullopt;
  // Whoever has the least on its way comes first.
  Taker* taker = nullptr;
  Peer name = nullptr;
  for (auto& [peer, one] : takers_) {
    give_up_lost(one, now);
    if (!one.takes() || one.given.size() >= std::min(one.window, one.lacks)) continue;
    if (taker == nullptr || std::tuple(one.given.size(), one.gifts) <
                                std::tuple(taker->given.size(), taker->gifts)) {
      taker = &one;
      name = peer;
    }
  }
  if (taker == nullptr) return std::nullopt;
  const auto piece = choose(*taker);
  if (!piece) return std::nullopt;
  // What somebody has or gets already is sent again only to keep the line from being idle.
  const bool copy = pieces_[*piece].given > 0 || pieces_[*piece].had > 0;
  if (line_is_full(copy, now)) return std::nullopt;
  ++pieces_[*piece].given;
  ++taker->gifts;
  if (taker->given.empty()) taker->asked = now;
  taker->given.push_back({*piece, now, std::nullopt});
  return Gift{name, *piece};
}

}  // namespace phase::dht
