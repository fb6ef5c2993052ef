#include "sim/hostile/tally.h"

#include <ostream>

namespace phase::sim {

void Tally::add(const std::string& kind, std::uint64_t attacks) {
  const std::lock_guard lock(mutex_);
  counts_[kind].total += attacks;
}

void Tally::print(std::ostream& out, bool all) {
  const std::lock_guard lock(mutex_);
  for (auto& [kind, count] : counts_) {
    if (!all && count.total == count.printed) continue;
    out << "delivered " << count.total << " " << kind << "\n";
    count.printed = count.total;
  }
  out.flush();
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

}  // namespace phase::sim
