#include "proto/keys.h"

#include <algorithm>
#include <utility>

#include "proto/hash.h"
#include "proto/sodium_ready.h"

namespace phase {
namespace {

constexpr std::string_view kKeyFileHead = "phase-secret-key-v1\n";
constexpr std::string_view kKeyNumberHead = "minisign-key ";
constexpr std::size_t kSeedDigits = 64;
constexpr std::size_t kMinisignBytes = 2 + 8 + 32;
constexpr std::size_t kMinisignDigits = 56;      // base64 of 42 bytes, no padding
constexpr std::size_t kMaxPublicKeyText = 4096;  // a .pub file with a long comment

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The second line of a .pub file; anything else as it is.
std::string_view without_comment(std::string_view text) {
  if (!text.starts_with("untrusted comment:")) return text;
  const std::size_t end = text.find('\n');
  return end == std::string_view::npos ? std::string_view{} : trimmed(text.substr(end + 1));
}

std::optional<PublicKey> from_minisign(std::string_view text) {
  std::array<std::uint8_t, kMinisignBytes> blob;
  std::size_t size = 0;
  if (sodium_base642bin(blob.data(), blob.size(), text.data(), text.size(), nullptr, &size, nullptr,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      size != blob.size() || blob[0] != 'E' || blob[1] != 'd') {
    return std::nullopt;
  }
  return PublicKey{*exactly<32>(ByteView(blob).last(32)),
                   *exactly<8>(ByteView(blob).subspan(2, 8))};
}

/// The first 8 bytes of SHA-256 of the key.
KeyNumber own_number(const PublicKey& key) {
  return *exactly<8>(ByteView(sha256(key.bytes)).first(8));
}

/// The line behind the seed: nothing, or a key number. No value for anything else.
std::optional<std::optional<KeyNumber>> parse_number_line(std::string_view line) {
  if (line.empty()) return std::optional<KeyNumber>{};
  if (!line.starts_with(kKeyNumberHead) || line.back() != '\n') return std::nullopt;
  line.remove_prefix(kKeyNumberHead.size());
  line.remove_suffix(1);
  const auto number = parse_key_number(line);
  if (!number) return std::nullopt;
  return number;
}

}  // namespace

std::string PublicKey::hex() const {
  return to_hex(bytes);
}

std::string PublicKey::id() const {
  return to_hex(own_number(*this));
}

KeyNumber PublicKey::key_number() const {
  return minisign_number ? *minisign_number : own_number(*this);
}

std::string PublicKey::minisign() const {
  std::string blob = "Ed";
  blob.append(as_text(key_number())).append(as_text(bytes));
  return to_base64(as_bytes(blob));
}

std::string key_number_text(const KeyNumber& number) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (auto byte = number.rbegin(); byte != number.rend(); ++byte) {
    text += kDigits[*byte >> 4];
    text += kDigits[*byte & 15];
  }
  return text;
}

std::optional<KeyNumber> parse_key_number(std::string_view text) {
  const auto bytes = from_hex(text);
  auto number = bytes ? exactly<8>(*bytes) : std::nullopt;
  if (number) std::reverse(number->begin(), number->end());
  return number;
}

bool PublicKey::verify(ByteView message, const Signature& signature) const {
  sodium_ready();
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     bytes.data()) == 0;
}

Result<PublicKey> parse_public_key(std::string_view text) {
  if (text.size() > kMaxPublicKeyText) return {ErrorCode::kMalformed, "public key: too long"};
  const std::string_view line = without_comment(trimmed(text));
  std::optional<PublicKey> key;
  if (line.size() == 64) {
    if (const auto bytes = from_hex(line)) key = PublicKey{*exactly<32>(*bytes)};
  } else if (line.size() == kMinisignDigits) {
    key = from_minisign(line);
  }
  if (!key) {
    return {ErrorCode::kMalformed,
            "public key: expected 64 hexadecimal digits or the 56 characters of a minisign key"};
  }
  // 15 of 16 mistyped keys are no point of the right subgroup; better said now than searched for.
  sodium_ready();
  if (crypto_core_ed25519_is_valid_point(key->bytes.data()) != 1) {
    return {
        ErrorCode::kMalformed,
        "public key: " + key->hex() + " is not a key of Ed25519; check it for mistyped characters"};
  }
  return *key;
}

SecretKey SecretKey::generate(Random& random) {
  SecretBytes seed(crypto_sign_SEEDBYTES);
  random.fill(seed.span());
  return std::move(*from_seed(seed.view()));
}

Result<SecretKey> SecretKey::from_seed(ByteView seed, std::optional<KeyNumber> minisign_number) {
  if (seed.size() != crypto_sign_SEEDBYTES) {
    return {ErrorCode::kMalformed, "secret key: the seed is not 32 bytes"};
  }
  SecretKey key;
  key.expanded_ = SecretBytes(crypto_sign_SECRETKEYBYTES);
  crypto_sign_seed_keypair(key.public_key_.bytes.data(), key.expanded_.data(), seed.data());
  key.public_key_.minisign_number = minisign_number;
  return key;
}

Result<SecretKey> SecretKey::parse(std::string_view text) {
  const Error malformed{ErrorCode::kMalformed,
                        "secret key: expected the line phase-secret-key-v1, one of 64 hexadecimal "
                        "digits, and none or one of minisign-key with 16 digits"};
  if (!text.starts_with(kKeyFileHead)) return malformed;
  text.remove_prefix(kKeyFileHead.size());
  if (text.size() <= kSeedDigits || text[kSeedDigits] != '\n') return malformed;
  const auto number = parse_number_line(text.substr(kSeedDigits + 1));
  if (!number) return malformed;
  SecretBytes seed(crypto_sign_SEEDBYTES);
  std::size_t size = 0;
  if (sodium_hex2bin(seed.data(), seed.size(), text.data(), kSeedDigits, nullptr, &size, nullptr) !=
          0 ||
      size != seed.size()) {
    return malformed;
  }
  return from_seed(seed.view(), *number);
}

ByteView SecretKey::expanded() const {
  check(expanded_.size() != 0, "a secret key that was moved away has no bytes");
  return expanded_.view();
}

Signature SecretKey::sign(ByteView message) const {
  check(expanded_.size() != 0, "a secret key that was moved away signs nothing");
  Signature signature;
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(),
                       expanded_.view().data());
  return signature;
}

SecretBytes SecretKey::serialize() const {
  std::string number;
  if (public_key_.minisign_number) {
    number.append(kKeyNumberHead).append(key_number_text(*public_key_.minisign_number)) += '\n';
  }
  SecretBytes text(kKeyFileHead.size() + kSeedDigits + 1 + number.size());
  auto* out = reinterpret_cast<char*>(text.data());
  out = std::copy(kKeyFileHead.begin(), kKeyFileHead.end(), out);
  // Writes a NUL behind the digits, where the end of the line comes next.
  sodium_bin2hex(out, kSeedDigits + 1, expanded().data(), crypto_sign_SEEDBYTES);
  out[kSeedDigits] = '\n';
  std::copy(number.begin(), number.end(), out + kSeedDigits + 1);
  return text;
}

}  // namespace phase
