#include "sim/hostile/peer_wire.h"

#include <algorithm>

#include "proto/bencode.h"

namespace phase::sim {
namespace {

using Kind = bencode::Value::Kind;

constexpr bencode::Limits kLimits{.bytes = std::size_t{1} << 20};

void put32(Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
}

}  // namespace

std::uint32_t get32(ByteView bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 |
         std::uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
}

Bytes handshake_answer(ByteView theirs, ByteView id) {
  return handshake(theirs.subspan(28, 20), id);
}

Bytes handshake(ByteView infohash, ByteView id) {
  Bytes out = {19};
  bencode::put_raw(out, "BitTorrent protocol");
  out.insert(out.end(), {0, 0, 0, 0, 0, 0x10, 0, 0x04});  // Extension protocol, fast extension.
  out.insert(out.end(), infohash.begin(), infohash.end());
  out.insert(out.end(), id.begin(), id.end());
  return out;
}

Bytes peer_message(PeerMessage number, ByteView body) {
  Bytes out;
  put32(out, static_cast<std::uint32_t>(body.size() + 1));
  out.push_back(number);
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

Bytes piece_message(std::uint32_t piece, std::uint32_t begin, ByteView block) {
  Bytes body;
  put32(body, piece);
  put32(body, begin);
  body.insert(body.end(), block.begin(), block.end());
  return peer_message(kPiece, body);
}

Bytes metadata_message(std::uint8_t number, std::int64_t piece, std::size_t total, ByteView part) {
  Bytes out = {number};
  bencode::put_raw(out, "d8:msg_typei1e5:piece");
  bencode::put_integer(out, piece);
  bencode::put_raw(out, "10:total_size");
  bencode::put_integer(out, static_cast<std::int64_t>(total));
  bencode::put_raw(out, "e");
  out.insert(out.end(), part.begin(), part.end());
  return peer_message(kExtended, out);
}

std::optional<BlockRequest> read_request_body(ByteView body) {
  if (body.size() != 12) return std::nullopt;
  return BlockRequest{get32(body, 0), get32(body, 4), std::min(get32(body, 8), kBlockBytes)};
}

std::optional<std::uint8_t> read_extension_number(ByteView body, std::string_view extension) {
  const auto said = bencode::decode(body, kLimits);
  const auto* m = said ? said->find("m", Kind::kDict) : nullptr;
  const auto* number = m == nullptr ? nullptr : m->find(extension, Kind::kInteger);
  if (number == nullptr || number->integer < 1 || number->integer > 255) return std::nullopt;
  return static_cast<std::uint8_t>(number->integer);
}

std::optional<std::uint16_t> read_listen_port(ByteView body) {
  const auto said = bencode::decode(body, kLimits);
  const auto* port = said ? said->find("p", Kind::kInteger) : nullptr;
  if (port == nullptr || port->integer < 1 || port->integer > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(port->integer);
}

std::optional<std::int64_t> read_metadata_request(ByteView body) {
  const auto asked = bencode::decode(body, kLimits);
  if (!asked) return std::nullopt;
  const auto* type = asked->find("msg_type", Kind::kInteger);
  const auto* piece = asked->find("piece", Kind::kInteger);
  if (type == nullptr || piece == nullptr || type->integer != 0) return std::nullopt;
  return piece->integer;
}

}  // namespace phase::sim
