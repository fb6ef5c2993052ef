#include "boot/machine/kmsg.h"

#include <algorithm>

namespace phase::boot {

std::string printable(std::string_view untrusted) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(untrusted.size());
  for (const char c : untrusted) {
    if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

std::vector<std::string> split_records(std::string_view line) {
  constexpr std::string_view kContinued = "+ ";
  std::vector<std::string> records;
  do {
    std::string record(records.empty() ? std::string_view{} : kContinued);
    const auto part = line.substr(0, kMaxRecord - record.size());
    line.remove_prefix(part.size());
    records.push_back(record.append(part));
  } while (!line.empty());
  return records;
}

int quiet_level(int wanted, int console_loglevel, bool ignore_loglevel) {
  constexpr int kDebug = 7;
  if (ignore_loglevel || console_loglevel > kDebug) return -1;
  return std::max(wanted, console_loglevel);
}

}  // namespace phase::boot
