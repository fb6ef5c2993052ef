// dht/ut_metadata.h
// What peers say of a torrent's info dictionary and send of it (BEP 9, BEP 10), read. All of it is
// untrusted. Pure: libtorrent's connections stay with the owner. Only for dht/*.cc.
#pragma once

#include <cstdint>
#include <libtorrent/fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "dht/session.h"
#include "proto/bytes.h"

namespace phase::dht {

inline constexpr int kOurUtMetadata = 2;  ///< libtorrent's number for it in its extension handshake.

/// What a peer's extension handshake says: its number for our questions, and how large its info
/// dictionary is (1 to kMaxMetadataBytes).
struct MetadataOffer {
  std::uint8_t number = 0;
  std::size_t size = 0;
};
/// Empty where it has none, or none of a size that we take.
[[nodiscard]] std::optional<MetadataOffer> metadata_offer(const libtorrent::bdecode_node& handshake);

/// Whether a ut_metadata message asks for a piece.
[[nodiscard]] bool asks_for_metadata(ByteView message);

/// The message that asks for one, its length in front.
[[nodiscard]] std::string metadata_question(std::uint8_t number, std::size_t piece);

/// One peer's info dictionary as it comes. Holds as many bytes as the peer said.
class MetadataPieces {
 public:
  static constexpr std::size_t kPieceBytes = 16 * 1024;  // BEP 9.
  explicit MetadataPieces(std::size_t size);

  enum class Taken {
    kIgnored,   ///< Says nothing about a piece that is missing.
    kKept,      ///< One more piece; others are missing.
    kComplete,  ///< The last one; nothing was compared.
    kWrong,     ///< A piece of another length than it must have.
  };
  [[nodiscard]] Taken take(ByteView message);

  [[nodiscard]] std::size_t count() const { return has_.size(); }
  /// Once complete: the bytes, where both hashes match.
  [[nodiscard]] std::optional<Bytes> matching(const Infohashes& infohashes) const;

 private:
  Bytes info_;
  std::vector<bool> has_;
};

}  // namespace phase::dht
