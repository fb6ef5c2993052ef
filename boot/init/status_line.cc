#include "boot/init/status_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace phase::boot {
namespace {

using Kind = StatusLine::Kind;
constexpr std::array<std::pair<Kind, std::string_view>, 5> kWords{{{Kind::kProgress, "progress "},
                                                                   {Kind::kSay, "say "},
                                                                   {Kind::kRefusal, "refusal "},
                                                                   {Kind::kDone, "done "},
                                                                   {Kind::kFailed, "failed "}}};

}  // namespace

ErrorCode error_code_of(unsigned long number) {
  if (number == 0 || number > 255) return ErrorCode::kInternal;
  const auto code = static_cast<ErrorCode>(number);
  // error_name() has a name for every code of ours and "unknown" for other numbers.
  return std::string_view(error_name(code)) == "unknown" ? ErrorCode::kInternal : code;
}

std::string format_status(const StatusLine& line) {
  std::string out;
  for (const auto& [kind, word] : kWords) {
    if (kind == line.kind) out = word;
  }
  if (line.kind == Kind::kFailed) out += std::to_string(exit_code(line.code)) + " ";
  out += line.text;
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out + "\n";
}

StatusLine parse_status(std::string_view line) {
  for (const auto& [kind, word] : kWords) {
    if (!line.starts_with(word)) continue;
    StatusLine out{.kind = kind, .text = std::string(line.substr(word.size()))};
    if (kind != Kind::kFailed) return out;
    unsigned long number = 0;
    const char* const end = out.text.data() + out.text.size();
    const auto [after, error] = std::from_chars(out.text.data(), end, number);
    if (error != std::errc() || after == end || *after != ' ') break;
    out.code = error_code_of(number);
    out.text = std::string(after + 1, end);
    return out;
  }
  return {.kind = Kind::kSay, .text = std::string(line)};
}

}  // namespace phase::boot
