#include "dht/lan/lines.h"

#include <charconv>
#include <optional>
#include <utility>

namespace phase::dht::lan {
namespace {

constexpr char kDigits[] = "0123456789ABCDEF";
constexpr std::size_t kMaxInstance = 63;   // RFC 6763 4.1.1.
constexpr std::size_t kMaxString = 255;    // RFC 6763 6.1.
constexpr std::size_t kMaxAddress = 64;

bool is_plain(char c) { return c > ' ' && c < 0x7F && c != '%'; }

/// An empty word is written as a lone "%", which no escape is.
std::string escaped(std::string_view text) {
  if (text.empty()) return "%";
  std::string out;
  for (const char c : text) {
    if (is_plain(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// None for what escaped() never writes, so that each value has one form.
std::optional<std::string> unescaped(std::string_view word) {
  if (word == "%") return std::string{};
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (is_plain(word[i])) {
      out += word[i];
      continue;
    }
    if (word[i] != '%' || i + 2 >= word.size()) return std::nullopt;
    const int high = digit(word[i + 1]);
    const int low = digit(word[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    const char c = static_cast<char>(high * 16 + low);
    if (is_plain(c)) return std::nullopt;
    out += c;
    i += 2;
  }
  return out;
}

std::string line_of(std::string kind, const std::vector<std::string>& fields) {
  if (fields.size() > kMaxFields) return {};
  for (const auto& field : fields) kind += " " + escaped(field);
  if (kind.size() > kMaxLine) return {};
  return kind + "\n";
}

Error malformed(std::string_view what) {
  return {ErrorCode::kMalformed, "line: " + std::string(what)};
}

template <class Number>
std::optional<Number> number(std::string_view text, Number most) {
  Number out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc{} || end != text.data() + text.size() || out > most) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return out;
}

struct Words {
  std::string kind;
  std::vector<std::string> fields;
};

Result<Words> words_of(std::string_view line) {
  if (line.size() > kMaxLine) return malformed("too long");
  Words out;
  bool first = true;
  for (std::size_t begin = 0; begin <= line.size();) {
    const auto end = std::min(line.find(' ', begin), line.size());
    auto word = unescaped(line.substr(begin, end - begin));
    if (!word || end == begin) return malformed("a word that is none");
    if (first) {
      out.kind = std::move(*word);
    } else {
      out.fields.push_back(std::move(*word));
    }
    if (out.fields.size() > kMaxFields) return malformed("too many words");
    first = false;
    begin = end + 1;
  }
  return out;
}

bool is_instance(const std::string& text) {
  return !text.empty() && text.size() <= kMaxInstance &&
         text.find('\0') == std::string::npos;
}

/// The strings of a TXT record from word `from` on.
std::optional<std::vector<std::string>> txt_of(const Words& words, std::size_t from) {
  std::vector<std::string> out(words.fields.begin() + static_cast<std::ptrdiff_t>(from),
                               words.fields.end());
  for (const auto& text : out) {
    if (text.size() > kMaxString) return std::nullopt;
  }
  return out;
}

struct Place {
  std::uint32_t interface;
  bool v6;
};
std::optional<Place> place_of(const Words& words) {
  const auto interface = number<std::uint32_t>(words.fields[0], 0x7FFFFFFF);
  if (!interface || (words.fields[1] != "4" && words.fields[1] != "6")) return std::nullopt;
  return Place{*interface, words.fields[1] == "6"};
}

Result<Report> seen_of(Words words) {
  const auto place = place_of(words);
  const auto port = number<std::uint16_t>(words.fields[4], 0xFFFF);
  auto txt = txt_of(words, 5);
  if (!place || !port || !txt || !is_instance(words.fields[2]) ||
      words.fields[3].size() > kMaxAddress) {
    return malformed("seen");
  }
  return Report{Seen{place->interface, place->v6, std::move(words.fields[2]),
                     std::move(words.fields[3]), *port, std::move(*txt)}};
}

Result<Report> lost_of(Words words) {
  const auto place = place_of(words);
  if (!place || !is_instance(words.fields[2])) return malformed("lost");
  return Report{Lost{place->interface, place->v6, std::move(words.fields[2])}};
}

const char* family(bool v6) { return v6 ? "6" : "4"; }

}  // namespace

std::string encode(const Report& report) {
  if (std::holds_alternative<Ready>(report)) return line_of("ready", {});
  if (std::holds_alternative<AllForNow>(report)) return line_of("all-for-now", {});
  if (const auto* daemon = std::get_if<Daemon>(&report)) {
    return line_of("daemon", {daemon->here ? "here" : "away"});
  }
  if (const auto* seen = std::get_if<Seen>(&report)) {
    std::vector<std::string> fields{std::to_string(seen->interface), family(seen->v6),
                                    seen->instance, seen->address, std::to_string(seen->port)};
    fields.insert(fields.end(), seen->txt.begin(), seen->txt.end());
    return line_of("seen", fields);
  }
  if (const auto* lost = std::get_if<Lost>(&report)) {
    return line_of("lost", {std::to_string(lost->interface), family(lost->v6), lost->instance});
  }
  if (const auto* registered = std::get_if<Registered>(&report)) {
    return line_of("registered", {registered->instance});
  }
  return line_of("note", {std::get<Note>(report).text.substr(0, 500)});
}

std::string encode(const Command& command) {
  const auto* publish = std::get_if<Publish>(&command);
  if (publish == nullptr) return line_of("withdraw", {});
  std::vector<std::string> fields{publish->instance, std::to_string(publish->port)};
  fields.insert(fields.end(), publish->txt.begin(), publish->txt.end());
  return line_of("publish", fields);
}

Result<Report> decode_report(std::string_view untrusted) {
  auto words = words_of(untrusted);
  if (!words) return words.error();
  const auto count = words->fields.size();
  const auto& kind = words->kind;
  if (kind == "ready" && count == 0) return Report{Ready{}};
  if (kind == "all-for-now" && count == 0) return Report{AllForNow{}};
  if (kind == "seen" && count >= 5) return seen_of(std::move(*words));
  if (kind == "lost" && count == 3) return lost_of(std::move(*words));
  if (count == 1) {
    auto& field = words->fields[0];
    if (kind == "daemon" && (field == "here" || field == "away")) {
      return Report{Daemon{field == "here"}};
    }
    if (kind == "registered" && is_instance(field)) return Report{Registered{std::move(field)}};
    if (kind == "note" && field.size() <= 500) return Report{Note{std::move(field)}};
  }
  return malformed("no report");
}

Result<Command> decode_command(std::string_view untrusted) {
  auto words = words_of(untrusted);
  if (!words) return words.error();
  const auto count = words->fields.size();
  if (words->kind == "withdraw" && count == 0) return Command{Withdraw{}};
  if (words->kind != "publish" || count < 2) return malformed("no command");
  const auto port = number<std::uint16_t>(words->fields[1], 0xFFFF);
  auto txt = txt_of(*words, 2);
  if (!port || !txt || !is_instance(words->fields[0])) return malformed("publish");
  return Command{Publish{std::move(words->fields[0]), *port, std::move(*txt)}};
}

Result<std::vector<std::string>> LineReader::push(std::string_view bytes) {
  std::vector<std::string> out;
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    partial_ += bytes.substr(0, std::min(end, kMaxLine + 1));
    if (partial_.size() > kMaxLine) return malformed("too long");
    if (end == std::string_view::npos) break;
    out.push_back(std::exchange(partial_, {}));
    bytes.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace phase::dht::lan
