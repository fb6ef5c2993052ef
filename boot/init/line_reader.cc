#include "boot/init/line_reader.h"

#include <utility>

#include "boot/machine/kmsg.h"

namespace phase::boot {

std::vector<std::string> LineReader::feed(ByteView untrusted) {
  std::vector<std::string> lines;
  for (const std::uint8_t byte : untrusted) {
    if (byte != '\n') {
      if (line_.size() < kMaxLine) line_ += static_cast<char>(byte);
      continue;
    }
    if (admit()) lines.push_back(printable(line_));
    last_ = std::exchange(line_, {});
  }
  return lines;
}

std::string LineReader::last() const { return printable(last_); }

std::string LineReader::rest() {
  const std::string last = std::exchange(line_, {});
  if (last.empty() || !admit()) return {};
  return printable(last);
}

bool LineReader::admit() {
  const bool within = max_lines_ == 0 || lines_ < max_lines_;
  ++(within ? lines_ : dropped_);
  return within;
}

}  // namespace phase::boot
