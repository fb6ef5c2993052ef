// boot/init/line_reader.h
// Cuts a child's output into lines that PID 1 can show: printable, of limited length and number.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/bytes.h"

namespace phase::boot {

class LineReader {
 public:
  static constexpr std::size_t kMaxLine = 500;    ///< Bytes read of a line; the rest is forgotten.
  static constexpr std::size_t kMaxLines = 5000;  ///< In all, so that no child floods a console.

  /// `max_lines` 0: no limit, for a child that runs as long as the machine.
  explicit LineReader(std::size_t max_lines = kMaxLines) : max_lines_(max_lines) {}

  /// Complete lines, without line feed, bytes outside printable ASCII as \xNN.
  [[nodiscard]] std::vector<std::string> feed(ByteView untrusted);
  /// A last line without line feed, which counts as one; empty: none.
  [[nodiscard]] std::string rest();
  /// Lines beyond the limit.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  /// The last complete line, be it beyond the limit: a child's last word is its result.
  [[nodiscard]] std::string last() const;

 private:
  /// Counts a line; false where it is over the limit.
  bool admit();

  std::size_t max_lines_;
  std::string line_, last_;
  std::uint64_t lines_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace phase::boot
