#include "node/log.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <ctime>

namespace phase::node {
namespace {

constexpr std::size_t kMaxValue = 1024;

const char* level_name(Level level) {
  switch (level) {
    case Level::kDebug: return "debug";
    case Level::kInfo: return "info";
    case Level::kWarning: return "warning";
    case Level::kError: return "error";
  }
  return "error";
}

bool is_plain(std::string_view value) {
  if (value.empty()) return false;
  for (const char c : value)
    if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\') return false;
  return true;
}

void append_value(std::string& line, std::string_view value) {
  if (value.size() <= kMaxValue && is_plain(value)) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value.substr(0, kMaxValue)) {
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (c < ' ' || c > '~') {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned char>(c));
      line += escaped.data();
    } else {
      line += c;
    }
  }
  if (value.size() > kMaxValue) line += "...";
  line += '"';
}

std::string time_text(WallTime when) {
  const auto seconds = static_cast<std::time_t>(when.seconds);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace

Result<Level> parse_level(std::string_view text) {
  for (const auto level : {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError})
    if (text == level_name(level)) return level;
  std::string detail(text);
  detail.append(": no log level; use debug, info, warning or error");
  return {ErrorCode::kUsage, std::move(detail)};
}

Field::Field(std::string_view k, double v) : key(k) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", v);
  value = text.data();
}

std::string log_line(WallTime when, Level level, std::string_view message, Fields fields) {
  std::string line = "ts=" + time_text(when) + " level=" + level_name(level) + " msg=";
  append_value(line, message);
  for (const auto& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field.value);
  }
  line += '\n';
  return line;
}

Log::Log(const Clock& clock, Level least, int fd) : clock_(clock), least_(least), fd_(fd) {}

void Log::write(Level level, std::string_view message, Fields fields) const {
  if (level < least_) return;
  const auto line = log_line(clock_.wall(), level, message, fields);
  // Nobody is left to tell where stderr is gone.
  (void)!::write(fd_, line.data(), line.size());
}

void Log::debug(std::string_view message, Fields fields) const {
  write(Level::kDebug, message, fields);
}
void Log::info(std::string_view message, Fields fields) const {
  write(Level::kInfo, message, fields);
}
void Log::warning(std::string_view message, Fields fields) const {
  write(Level::kWarning, message, fields);
}
void Log::error(std::string_view message, Fields fields) const {
  write(Level::kError, message, fields);
}
void Log::error(std::string_view message, const Error& why) const {
  write(Level::kError, message, {{"error", error_name(why.code)}, {"detail", why.detail}});
}

}  // namespace phase::node
