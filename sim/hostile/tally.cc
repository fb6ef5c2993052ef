#include "sim/hostile/tally.h"

#include <cstdlib>
#include <iostream>

#include "sim/stranger.h"

namespace phase::sim {

void Tally::add(const std::string& kind, std::uint64_t attacks) {
  const std::lock_guard lock(mutex_);
  counts_[kind].total += attacks;
}

void Tally::print(bool all) {
  const std::lock_guard lock(mutex_);
  for (auto& [kind, count] : counts_) {
    if (!all && count.total == count.printed) continue;
    std::cout << "delivered " << count.total << " " << kind << "\n";
    count.printed = count.total;
  }
  std::cout.flush();
}

std::uint64_t Chance::below(std::uint64_t end) {
  // Not std::uniform_int_distribution, whose answers differ from one library to the next.
  return engine_() % end;
}

Bytes Chance::bytes(std::size_t count) {
  Bytes out(count);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(engine_() >> 32);
  return out;
}

void attack_until_ended(Tally& tally, const sigset_t& signals,
                        const std::function<void()>& each_round) {
  std::cout << "ready" << std::endl;
  while (!ended(signals, 200)) {
    tally.print();
    if (each_round) each_round();
  }
  tally.print(true);
  std::_Exit(0);
}

}  // namespace phase::sim
