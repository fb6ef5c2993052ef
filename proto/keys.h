// proto/keys.h
// Ed25519 keys (RFC 8032) through libsodium, in hexadecimal and minisign form.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "proto/bytes.h"
#include "proto/ports.h"
#include "proto/result.h"
#include "proto/secret_bytes.h"

namespace phase {

using Signature = std::array<std::uint8_t, 64>;

/// How minisign tells keys apart: eight bytes, random where minisign made the key. A signature
/// file repeats them, and `minisign -V` asks for equality before it looks at the signature.
using KeyNumber = std::array<std::uint8_t, 8>;

struct PublicKey {
  std::array<std::uint8_t, 32> bytes{};
  /// A label that came with the key; no part of the key, of its id or of what equals it.
  std::optional<KeyNumber> minisign_number = std::nullopt;

  friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.bytes == b.bytes; }
  friend std::strong_ordering operator<=>(const PublicKey& a, const PublicKey& b) {
    return a.bytes <=> b.bytes;
  }

  /// 64 hexadecimal digits.
  [[nodiscard]] std::string hex() const;
  /// First 8 bytes of SHA-256 of the key, 16 digits: how logs and envelopes name a key.
  [[nodiscard]] std::string id() const;
  /// minisign_number, else the first 8 bytes of SHA-256 of the key, which are the same everywhere.
  [[nodiscard]] KeyNumber key_number() const;
  /// base64("Ed" ‖ key_number() ‖ key), the second line of a minisign .pub file.
  [[nodiscard]] std::string minisign() const;

  /// True where `signature` is this key's over exactly `message` (libsodium, cofactorless,
  /// rejects small-order keys and malleable signatures).
  [[nodiscard]] bool verify(ByteView message, const Signature& signature) const;
};

/// As minisign prints it: the little-endian number in 16 upper-case digits.
[[nodiscard]] std::string key_number_text(const KeyNumber& number);
/// That text, in upper or lower case.
[[nodiscard]] std::optional<KeyNumber> parse_key_number(std::string_view text);

/// Accepts the hex form and the minisign form (the bare base64 line, or a whole .pub file).
[[nodiscard]] Result<PublicKey> parse_public_key(std::string_view text);

/// Owns a secret seed in locked memory, which is wiped. Movable, not copyable.
class SecretKey {
 public:
  [[nodiscard]] static SecretKey generate(Random& random);
  /// 32 bytes. `minisign_number` is the public key's, where it came from minisign.
  [[nodiscard]] static Result<SecretKey> from_seed(
      ByteView seed, std::optional<KeyNumber> minisign_number = std::nullopt);
  /// Text of a key file: "phase-secret-key-v1\n<64 hex digits of the seed>\n", then, for a key
  /// that came from minisign, "minisign-key <key_number_text()>\n".
  [[nodiscard]] static Result<SecretKey> parse(std::string_view text);

  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] Signature sign(ByteView message) const;
  /// The text that parse() takes.
  [[nodiscard]] SecretBytes serialize() const;
  /// Seed ‖ public key, libsodium's form, in this key's locked memory.
  [[nodiscard]] ByteView expanded() const;

 private:
  SecretKey() = default;
  SecretBytes expanded_;  // empty once it was moved away
  PublicKey public_key_;
};

/// Reads a key file; refuses one that others than its owner can read (mode & 077).
[[nodiscard]] Result<SecretKey> load_secret_key(const std::string& path);
/// Writes `path` with mode 0600 and O_EXCL, fsyncs file and directory.
[[nodiscard]] Result<void> save_secret_key(const std::string& path, const SecretKey& key);

}  // namespace phase
