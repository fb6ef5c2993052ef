// Strict canonical bencoding (BEP 3): reads hostile bytes into views, writes strings and integers.
// For pointer.cc and its likes; torrents are libtorrent's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::bencode {

/// One decoded value. Strings are views into the bytes that were read.
struct Value {
  enum class Kind : std::uint8_t { kInteger, kString, kList, kDict };
  Kind kind = Kind::kInteger;
  std::int64_t integer = 0;
  ByteView string;
  std::vector<Value> list;
  std::map<std::string_view, Value> dict;

  /// The member `key` of a dict, where it exists and is of `wanted` kind.
  [[nodiscard]] const Value* find(std::string_view key, Kind wanted) const;
};

struct Limits {
  std::size_t bytes = 1000;
  std::size_t values = 512;
  unsigned depth = 8;
};

/// One value and nothing behind it. Refuses what is over a limit, unsorted or repeated keys,
/// leading zeros, a negative zero, integers over 64 bits.
[[nodiscard]] Result<Value> decode(ByteView untrusted, const Limits& limits);

void put_string(Bytes& out, ByteView string);
void put_integer(Bytes& out, std::int64_t integer);
void put_raw(Bytes& out, std::string_view raw);

}  // namespace phase::bencode
