// proto/pointer.h
// The pointer: a BEP 44 mutable item that names the newest release of a channel. It finds things
// and never decides what is booted. Format page: docs/POINTER.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "proto/bytes.h"
#include "proto/endpoint.h"
#include "proto/hash.h"
#include "proto/keys.h"
#include "proto/result.h"

namespace phase {

inline constexpr std::size_t kMaxPointerBytes = 1000;  ///< BEP 44, the bencoded value.
inline constexpr std::size_t kMaxSaltBytes = 64;       ///< BEP 44.
inline constexpr int kPointerSalts = 3;                ///< Base, base#1, base#2.

/// phase/1/<channel>/<arch>, then "#1" or "#2" for `index` 1 and 2.
[[nodiscard]] std::string pointer_salt(std::string_view channel, std::string_view arch, int index);

struct ProviderHint {
  Endpoint peer;               ///< BitTorrent port.
  std::uint16_t http_port = 0; ///< 0: serves no HTTP.
  auto operator<=>(const ProviderHint&) const = default;
};

struct Pointer {
  Sha1 infohash_v1{};
  Sha256 infohash_v2{};
  Sha256 manifest_sha256{};          ///< Of manifest.dsse, whole file.
  std::uint64_t release_version = 0;
  std::int64_t expires = 0;          ///< Seconds since 1970; 0: never.
  std::vector<ProviderHint> providers;
};

/// Canonical bencoding; leaves out hints from the end until it fits kMaxPointerBytes.
[[nodiscard]] Bytes encode_pointer(const Pointer& pointer);
/// Strict: canonical bencoding (sorted keys, no leading zeros, nothing after the end), known
/// sizes; unknown keys are passed over (later formats add some). kMalformed otherwise.
[[nodiscard]] Result<Pointer> decode_pointer(ByteView untrusted_value);

/// A BEP 44 mutable item as it is stored, put again and relayed over HTTP. Anyone who holds one
/// can put it again; nobody but the key can change it.
struct SignedItem {
  PublicKey key;
  std::string salt;
  std::int64_t seq = 0;
  Bytes value;  ///< Bencoded.
  Signature signature{};

  /// SHA-1(key ‖ salt), where the DHT keeps it.
  [[nodiscard]] Sha1 target() const;
};

/// BEP 44 signature buffer: "4:salt<n>:<salt>3:seqi<seq>e1:v<value>" (no salt part where empty).
[[nodiscard]] Bytes signing_buffer(std::string_view salt, std::int64_t seq, ByteView value);
[[nodiscard]] SignedItem sign_item(const SecretKey& key, std::string salt, std::int64_t seq,
                                   Bytes value);
/// libsodium over exact bytes, after the size limits. kMalformed or kBadSignature.
[[nodiscard]] Result<void> verify_item(const SignedItem& untrusted);

/// The three items of one pointer as a file (bencoded list of {k, salt, seq, sig, v}) and as the
/// body of GET /pointer/…; at most 8 KiB.
[[nodiscard]] Bytes encode_items(const std::vector<SignedItem>& items);
/// Verifies each; all must be of `key`. kMalformed, kBadSignature, kWrongKey.
[[nodiscard]] Result<std::vector<SignedItem>> decode_items(ByteView untrusted,
                                                           const PublicKey& key);

}  // namespace phase
