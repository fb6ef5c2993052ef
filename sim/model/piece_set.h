// sim/model/piece_set.h
// Which pieces somebody has. 64 at a time: a crowd asks for what two lack millions of times.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

namespace phase::sim::model {

class PieceSet {
 public:
  PieceSet() = default;
  explicit PieceSet(std::uint32_t pieces) : pieces_(pieces), words_((pieces + 63) / 64, 0) {}
  static PieceSet all(std::uint32_t pieces) {
    PieceSet out(pieces);
    for (std::uint32_t i = 0; i < pieces; ++i) out.add(i);
    return out;
  }

  void add(std::uint32_t piece) {
    std::uint64_t& word = words_[piece / 64];
    const std::uint64_t bit = std::uint64_t{1} << (piece % 64);
    count_ += (word & bit) == 0 ? 1 : 0;
    word |= bit;
  }
  [[nodiscard]] bool contains(std::uint32_t piece) const {
    return (words_[piece / 64] >> (piece % 64) & 1) != 0;
  }
  [[nodiscard]] bool full() const { return count_ == pieces_; }

  /// Something of `offered` is neither here nor `coming`.
  [[nodiscard]] bool lacks_any_of(const PieceSet& coming, const PieceSet& offered) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if ((offered.words_[i] & ~words_[i] & ~coming.words_[i]) != 0) return true;
    }
    return false;
  }
  /// Of those the one that the fewest have; of equal ones the first from word `begin` on, around the end.
  [[nodiscard]] std::optional<std::uint32_t> rarest_missing_of(const PieceSet& coming, const PieceSet& offered,
                                                               const std::vector<std::uint32_t>& had,
                                                               std::uint32_t begin) const {
    std::optional<std::uint32_t> best;
    for (std::size_t step = 0; step < words_.size(); ++step) {
      const std::size_t i = (begin + step) % words_.size();
      std::uint64_t word = offered.words_[i] & ~words_[i] & ~coming.words_[i];
      for (; word != 0; word &= word - 1) {
        const auto piece = static_cast<std::uint32_t>(i * 64) + static_cast<std::uint32_t>(std::countr_zero(word));
        if (!best || had[piece] < had[*best]) best = piece;
      }
    }
    return best;
  }
  /// Any that is neither here nor `coming`: the first from `begin` on, around the end.
  [[nodiscard]] std::optional<std::uint32_t> some_missing(const PieceSet& coming, std::uint32_t begin) const {
    return search(begin, [&](std::size_t i) { return valid(i) & ~words_[i] & ~coming.words_[i]; });
  }

 private:
  [[nodiscard]] std::uint64_t valid(std::size_t word) const {
    const std::size_t left = pieces_ - word * 64;
    return left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
  }
  template <class Word>
  [[nodiscard]] std::optional<std::uint32_t> search(std::uint32_t begin, const Word& word_at) const {
    const std::size_t first = begin / 64;
    for (std::size_t step = 0; step <= words_.size(); ++step) {
      const std::size_t i = (first + step) % words_.size();
      std::uint64_t word = word_at(i);
      const std::uint64_t before = (std::uint64_t{1} << (begin % 64)) - 1;
      if (step == 0) word &= ~before;
      if (step == words_.size()) word &= before;  // Around: what came before `begin`.
      if (word != 0) return static_cast<std::uint32_t>(i * 64) + static_cast<std::uint32_t>(std::countr_zero(word));
    }
    return std::nullopt;
  }

  std::uint32_t pieces_ = 0, count_ = 0;
  std::vector<std::uint64_t> words_;
};

}  // namespace phase::sim::model
