// proto/keys.h
// Ed25519 keys (RFC 8032) through libsodium, in hexadecimal and minisign form.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "proto/bytes.h"
#include "proto/ports.h"
#include "proto/result.h"

namespace phase {

using Signature = std::array<std::uint8_t, 64>;

struct PublicKey {
  std::array<std::uint8_t, 32> bytes{};
  auto operator<=>(const PublicKey&) const = default;

  /// 64 hexadecimal digits.
  [[nodiscard]] std::string hex() const;
  /// First 8 bytes of SHA-256 of the key, 16 digits: how logs and envelopes name a key.
  [[nodiscard]] std::string id() const;
  /// base64("Ed" ‖ 8-byte key number ‖ key), the second line of a minisign .pub file. The key
  /// number is the first 8 bytes of SHA-256 of the key, so that it is the same everywhere.
  [[nodiscard]] std::string minisign() const;

  /// True where `signature` is this key's over exactly `message` (libsodium, cofactorless,
  /// rejects small-order keys and malleable signatures).
  [[nodiscard]] bool verify(ByteView message, const Signature& signature) const;
};

/// Accepts the hex form and the minisign form (the bare base64 line, or a whole .pub file).
[[nodiscard]] Result<PublicKey> parse_public_key(std::string_view text);

/// Owns a secret seed in locked memory (sodium_malloc) and wipes it. Movable, not copyable.
class SecretKey {
 public:
  [[nodiscard]] static SecretKey generate(Random& random);
  [[nodiscard]] static Result<SecretKey> from_seed(ByteView seed);  ///< 32 bytes.
  /// Text of a key file: "phase-secret-key-v1\n<64 hex digits of the seed>\n".
  [[nodiscard]] static Result<SecretKey> parse(std::string_view text);

  SecretKey(SecretKey&& other) noexcept;
  SecretKey& operator=(SecretKey&& other) noexcept;
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  ~SecretKey();

  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] Signature sign(ByteView message) const;
  /// The text that parse() takes; the caller wipes it (sodium_memzero).
  [[nodiscard]] std::string serialize() const;

 private:
  SecretKey() = default;
  std::uint8_t* expanded_ = nullptr;  // 64 bytes, seed ‖ public key, libsodium's form
  PublicKey public_key_;
};

/// Reads a key file; refuses one that others than its owner can read (mode & 077).
[[nodiscard]] Result<SecretKey> load_secret_key(const std::string& path);
/// Writes `path` with mode 0600 and O_EXCL, fsyncs file and directory.
[[nodiscard]] Result<void> save_secret_key(const std::string& path, const SecretKey& key);

}  // namespace phase
