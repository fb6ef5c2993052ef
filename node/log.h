// node/log.h
// Structured log lines on stderr, one write(2) each (logfmt):
//   ts=2026-01-02T03:04:05Z level=info msg="release fetched" channel=stable version=7
// Values are quoted where they need it; control characters and invalid bytes come out escaped, so
// that no peer can write a line of its own. Threads: any.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "proto/ports.h"
#include "proto/result.h"

namespace phase::node {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError };
/// "debug", "info", "warning", "error"; kUsage otherwise.
[[nodiscard]] Result<Level> parse_level(std::string_view text);

struct Field {
  std::string_view key;
  std::string value;
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
  template <std::integral T>
  Field(std::string_view k, T v) : key(k), value(std::to_string(v)) {}
  Field(std::string_view k, double v);
};
using Fields = std::initializer_list<Field>;

/// One line, with the newline.
[[nodiscard]] std::string log_line(WallTime when, Level level, std::string_view message,
                                   Fields fields);

class Log {
 public:
  /// `clock` is borrowed; `fd` stays the owner's.
  explicit Log(const Clock& clock, Level least = Level::kInfo, int fd = 2);
  void debug(std::string_view message, Fields fields = {}) const;
  void info(std::string_view message, Fields fields = {}) const;
  void warning(std::string_view message, Fields fields = {}) const;
  void error(std::string_view message, Fields fields = {}) const;
  /// An Error with its name: error=bad-signature detail="…".
  void error(std::string_view message, const Error& why) const;
  void set_least(Level least) { least_ = least; }

 private:
  void write(Level level, std::string_view message, Fields fields) const;
  const Clock& clock_;
  std::atomic<Level> least_;
  int fd_;
};

}  // namespace phase::node
