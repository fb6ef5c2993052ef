#include "dht/lan/instance_name.h"

#include <charconv>

namespace phase::dht::lan {
namespace {

constexpr std::size_t kMaxBytes = 63;

}  // namespace

std::string printable_instance(std::string_view untrusted) {
  std::string out;
  for (const char c : untrusted) {
    if (c >= ' ' && c < 0x7F && c != '\\') {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '\\';
    out += static_cast<char>('0' + byte / 100);
    out += static_cast<char>('0' + byte / 10 % 10);
    out += static_cast<char>('0' + byte % 10);
  }
  return out;
}

std::string alternative_instance(std::string_view name) {
  unsigned next = 2;
  if (const auto mark = name.rfind(" #"); mark != std::string_view::npos) {
    const auto digits = name.substr(mark + 2);
    unsigned last = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), last);
    const bool counted = failed == std::errc{} && end == digits.data() + digits.size();
    if (counted && last >= 2 && last < 1'000'000) {
      next = last + 1;
      name = name.substr(0, mark);
    }
  }
  const std::string suffix = " #" + std::to_string(next);
  name = name.substr(0, kMaxBytes - suffix.size());
  return std::string(name) + suffix;
}

std::chrono::seconds pause_after_conflict(unsigned conflicts) {
  constexpr unsigned kAtOnce = 15;
  return std::chrono::seconds(conflicts < kAtOnce ? 0 : 5);
}

}  // namespace phase::dht::lan
