#include "proto/pointer.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "proto/bencode.h"

namespace phase {
namespace {

using bencode::Value;
using Kind = bencode::Value::Kind;

Error malformed(const std::string& detail) {
  return {ErrorCode::kMalformed, "pointer: " + detail};
}

Bytes encode_hint(const ProviderHint& hint) {
  Bytes out = hint.peer.compact();
  out.push_back(static_cast<std::uint8_t>(hint.http_port >> 8));
  out.push_back(static_cast<std::uint8_t>(hint.http_port & 0xff));
  return out;
}

std::optional<ProviderHint> decode_hint(const Value& value) {
  if (value.kind != Kind::kString || value.string.size() < 2) return std::nullopt;
  const auto peer = parse_compact(value.string.first(value.string.size() - 2));
  if (!peer) return std::nullopt;
  const ByteView port = value.string.last(2);
  return ProviderHint{*peer, static_cast<std::uint16_t>(port[0] << 8 | port[1])};
}

/// The first `hints` of them; the rest of the pointer is always whole.
Bytes encode_with(const Pointer& pointer, std::size_t hints) {
  Bytes out;
  bencode::put_raw(out, "d1:el");
  for (std::size_t i = 0; i < hints; ++i) {
    bencode::put_string(out, encode_hint(pointer.providers[i]));
  }
  bencode::put_raw(out, "e2:i2");
  bencode::put_string(out, pointer.infohash_v2);
  bencode::put_raw(out, "2:ih");
  bencode::put_string(out, pointer.infohash_v1);
  bencode::put_raw(out, "1:m");
  bencode::put_string(out, pointer.manifest_sha256);
  bencode::put_raw(out, "1:n");
  bencode::put_integer(out, static_cast<std::int64_t>(pointer.release_version));
  bencode::put_raw(out, "1:x");
  bencode::put_integer(out, pointer.expires);
  bencode::put_raw(out, "e");
  return out;
}

template <std::size_t N>
bool take(const Value& dict, std::string_view key, std::array<std::uint8_t, N>& out) {
  const Value* value = dict.find(key, Kind::kString);
  const auto bytes = value != nullptr ? exactly<N>(value->string) : std::nullopt;
  if (bytes) out = *bytes;
  return bytes.has_value();
}

}  // namespace

std::string pointer_salt(std::string_view channel, std::string_view arch, int index) {
  check(index >= 0 && index < kPointerSalts, "a pointer has three salts");
  std::string salt = "phase/1/";
  salt.append(channel).append("/").append(arch);
  if (index > 0) salt.append("#").append(std::to_string(index));
  check(salt.size() <= kMaxSaltBytes, "a salt is within BEP 44's 64 bytes");
  return salt;
}

Bytes encode_pointer(const Pointer& pointer) {
  check(pointer.release_version >= 1 &&
            pointer.release_version <= std::numeric_limits<std::int64_t>::max() &&
            pointer.expires >= 0,
        "a pointer's version and expiry come from a checked manifest");
  // The largest hint is 23 bytes, so more than this many fit into no pointer.
  std::size_t hints = std::min(pointer.providers.size(), kMaxPointerBytes / 8);
  Bytes out = encode_with(pointer, hints);
  while (out.size() > kMaxPointerBytes && hints > 0) out = encode_with(pointer, --hints);
  return out;
}

Result<Pointer> decode_pointer(ByteView untrusted_value) {
  const auto dict = bencode::decode(untrusted_value, {.bytes = kMaxPointerBytes});
  if (!dict) return dict.error().in("pointer");
  if (dict->kind != Kind::kDict) return malformed("is no dictionary");
  Pointer pointer;
  if (!take(*dict, "ih", pointer.infohash_v1)) return malformed("ih: not 20 bytes");
  if (!take(*dict, "i2", pointer.infohash_v2)) return malformed("i2: not 32 bytes");
  if (!take(*dict, "m", pointer.manifest_sha256)) return malformed("m: not 32 bytes");
  const Value* version = dict->find("n", Kind::kInteger);
  if (version == nullptr || version->integer < 1) return malformed("n: no release version");
  pointer.release_version = static_cast<std::uint64_t>(version->integer);
  const Value* expires = dict->find("x", Kind::kInteger);
  if (expires == nullptr || expires->integer < 0) return malformed("x: no time");
  pointer.expires = expires->integer;
  const Value* hints = dict->find("e", Kind::kList);
  if (hints == nullptr) return malformed("e: no list");
  for (const Value& value : hints->list) {
    const auto hint = decode_hint(value);
    if (!hint) return malformed("e: a provider is neither 8 nor 20 bytes");
    pointer.providers.push_back(*hint);
  }
  return pointer;
}

}  // namespace phase
