#include "proto/bencode.h"

#include <charconv>
#include <string>
#include <utility>

namespace phase::bencode {
namespace {

Error malformed(const char* detail) {
  return {ErrorCode::kMalformed, std::string("bencoding: ") + detail};
}

class Reader {
 public:
  Reader(std::string_view text, const Limits& limits) : left_(text), limits_(limits) {}

  [[nodiscard]] bool at_end() const { return left_.empty(); }

  Result<Value> value(unsigned depth) {
    if (depth > limits_.depth) return malformed("nested too deep");
    if (++values_ > limits_.values) return malformed("too many values");
    if (left_.empty()) return malformed("cut off");
    switch (left_.front()) {
      case 'i':
        return integer();
      case 'l':
        return list(depth);
      case 'd':
        return dict(depth);
      default:
        return string();
    }
  }

 private:
  /// Digits without leading zeros up to `end`, which is taken too.
  template <class Number>
  std::optional<Number> number(char end) {
    const std::size_t stop = left_.substr(0, 21).find(end);
    if (stop == std::string_view::npos) return std::nullopt;
    const std::string_view digits = left_.substr(0, stop);
    Number number{};
    const auto [last, status] = std::from_chars(digits.data(), digits.data() + stop, number);
    // from_chars alone would take leading zeros and "-0"; only one text stands for a number.
    if (status != std::errc() || last != digits.data() + stop) return std::nullopt;
    if (std::to_string(number) != digits) return std::nullopt;
    left_.remove_prefix(stop + 1);
    return number;
  }

  Result<Value> integer() {
    left_.remove_prefix(1);
    const auto read = number<std::int64_t>('e');
    if (!read) return malformed("bad integer");
    Value value;
    value.integer = *read;
    return value;
  }

  Result<Value> string() {
    const auto size = number<std::uint64_t>(':');
    if (!size) return malformed("bad string");
    if (*size > left_.size()) return malformed("a string is cut off");
    Value value;
    value.kind = Value::Kind::kString;
    value.string = as_bytes(left_.substr(0, *size));
    left_.remove_prefix(*size);
    return value;
  }

  Result<Value> list(unsigned depth) {
    left_.remove_prefix(1);
    Value value;
    value.kind = Value::Kind::kList;
    while (!left_.starts_with('e')) {
      Result<Value> member = this->value(depth + 1);
      if (!member) return member;
      value.list.push_back(*std::move(member));
    }
    left_.remove_prefix(1);
    return value;
  }

  Result<Value> dict(unsigned depth) {
    left_.remove_prefix(1);
    Value value;
    value.kind = Value::Kind::kDict;
    while (!left_.starts_with('e')) {
      const Result<Value> key = string();
      if (!key) return key;
      const std::string_view name = as_text(key->string);
      if (!value.dict.empty() && value.dict.rbegin()->first >= name) {
        return malformed("keys are not sorted");
      }
      Result<Value> member = this->value(depth + 1);
      if (!member) return member;
      value.dict.emplace_hint(value.dict.end(), name, *std::move(member));
    }
    left_.remove_prefix(1);
    return value;
  }

  std::string_view left_;
  const Limits& limits_;
  std::size_t values_ = 0;
};

}  // namespace

const Value* Value::find(std::string_view key, Kind wanted) const {
  const auto found = dict.find(key);
  return found != dict.end() && found->second.kind == wanted ? &found->second : nullptr;
}

Result<Value> decode(ByteView untrusted, const Limits& limits) {
  if (untrusted.size() > limits.bytes) return malformed("too large");
  Reader reader(as_text(untrusted), limits);
  Result<Value> value = reader.value(1);
  if (value && !reader.at_end()) return malformed("something follows the end");
  return value;
}

void put_raw(Bytes& out, std::string_view raw) {
  out.insert(out.end(), raw.begin(), raw.end());
}

void put_string(Bytes& out, ByteView string) {
  put_raw(out, std::to_string(string.size()));
  put_raw(out, ":");
  out.insert(out.end(), string.begin(), string.end());
}

void put_integer(Bytes& out, std::int64_t integer) {
  put_raw(out, "i");
  put_raw(out, std::to_string(integer));
  put_raw(out, "e");
}

}  // namespace phase::bencode
