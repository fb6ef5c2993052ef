// sim/model/chance.h
// Chance that is the same on every computer: the distributions of <random> are each library's own, and
// a log has to be the same byte for byte. xoshiro256** (Blackman, Vigna 2018), seeded by splitmix64.
// Pure. Threads: the owner's.
#pragma once

#include <array>
#include <cstdint>

namespace phase::sim::model {

class Chance {
 public:
  explicit Chance(std::uint64_t rng_seed) {
    for (auto& word : state_) {
      rng_seed += 0x9e3779b97f4a7c15ULL;
      std::uint64_t z = rng_seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
      word = z ^ (z >> 31);
    }
  }

  [[nodiscard]] std::uint64_t next() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  /// Of [0, 1).
  [[nodiscard]] double share() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// Of [0, end); `end` > 0. What modulo prefers is less than one in 2^32.
  [[nodiscard]] std::uint32_t below(std::uint32_t end) {
    return static_cast<std::uint32_t>((next() >> 32) * end >> 32);
  }

 private:
  static std::uint64_t rotate(std::uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace phase::sim::model
