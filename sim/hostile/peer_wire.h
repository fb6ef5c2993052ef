// sim/hostile/peer_wire.h
// Messages of the BitTorrent peer protocol (BEP 3, 6, 9, 10, 52) as a hostile peer reads and writes
// them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/bytes.h"

namespace phase::sim {

inline constexpr std::uint32_t kBlockBytes = 16 * 1024;

/// BEP 3, BEP 6 (fast), BEP 10 (extended), BEP 52 (hashes).
enum PeerMessage : std::uint8_t {
  kUnchoke = 1,
  kHave = 4,
  kRequest = 6,
  kPiece = 7,
  kHaveAll = 14,
  kHaveNone = 15,
  kExtended = 20,
  kHashRequest = 21,
  kHashes = 22,
  kHashReject = 23,
};

/// `bytes` has four from `at` on.
[[nodiscard]] std::uint32_t get32(ByteView bytes, std::size_t at);

/// The answer to a handshake of 68 bytes, from a peer with `id` (20 bytes) that speaks BEP 6 and 10.
[[nodiscard]] Bytes handshake_answer(ByteView theirs, ByteView id);
/// The first word to somebody.
[[nodiscard]] Bytes handshake(ByteView infohash, ByteView id);
[[nodiscard]] Bytes peer_message(PeerMessage number, ByteView body);
[[nodiscard]] Bytes piece_message(std::uint32_t piece, std::uint32_t begin, ByteView block);
/// A part of the info dictionary (BEP 9), under the `number` that the other end gave ut_metadata.
[[nodiscard]] Bytes metadata_message(std::uint8_t number, std::int64_t piece, std::size_t total,
                                     ByteView part);

/// What somebody asks for.
struct BlockRequest {
  std::uint32_t piece = 0, begin = 0;
  std::uint32_t count = 0;  ///< At most kBlockBytes, whatever was said.
};
/// Nothing for a body of another size.
[[nodiscard]] std::optional<BlockRequest> read_request_body(ByteView body);

/// The number that an extension handshake's body gives an extension, "ut_metadata"; nothing where it
/// gives none.
[[nodiscard]] std::optional<std::uint8_t> read_extension_number(ByteView body,
                                                                std::string_view extension);
/// The port at which it says that it takes connections.
[[nodiscard]] std::optional<std::uint16_t> read_listen_port(ByteView body);
/// The piece that a ut_metadata message asks for; nothing for what is no request.
[[nodiscard]] std::optional<std::int64_t> read_metadata_request(ByteView body);

}  // namespace phase::sim
