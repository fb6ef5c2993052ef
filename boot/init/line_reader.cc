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
    if (max_lines_ == 0 || lines_ < max_lines_) {
      lines.push_back(printable(line_));
      ++lines_;
    } else {
      ++dropped_;
    }
    line_.clear();
  }
  return lines;
}

std::string LineReader::rest() { return printable(std::exchange(line_, {})); }

}  // namespace phase::boot
