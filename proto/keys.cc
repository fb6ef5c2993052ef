#include "proto/keys.h"

#include <algorithm>
#include <utility>

#include "proto/hash.h"
#include "proto/sodium_ready.h"

namespace phase {
namespace {

constexpr std::string_view kKeyFileHead = "phase-secret-key-v1\n";
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
  return PublicKey{*exactly<32>(ByteView(blob).last(32))};
}

std::string key_number(const PublicKey& key) {
  const Sha256 hash = sha256(key.bytes);
  return {hash.begin(), hash.begin() + 8};
}

}  // namespace

std::string PublicKey::hex() const {
  return to_hex(bytes);
}

std::string PublicKey::id() const {
  return to_hex(as_bytes(key_number(*this)));
}

std::string PublicKey::minisign() const {
  const std::string blob = "Ed" + key_number(*this) + std::string(as_text(bytes));
  std::array<char, kMinisignDigits + 1> text;
  sodium_bin2base64(text.data(), text.size(), as_bytes(blob).data(), blob.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  return text.data();
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
  std::array<std::uint8_t, crypto_sign_SEEDBYTES> seed;
  random.fill(seed);
  Result<SecretKey> key = from_seed(seed);
  sodium_memzero(seed.data(), seed.size());
  return std::move(*key);
}

Result<SecretKey> SecretKey::from_seed(ByteView seed) {
  if (seed.size() != crypto_sign_SEEDBYTES) {
    return {ErrorCode::kMalformed, "secret key: the seed is not 32 bytes"};
  }
  sodium_ready();
  SecretKey key;
  key.expanded_ = static_cast<std::uint8_t*>(sodium_malloc(crypto_sign_SECRETKEYBYTES));
  check(key.expanded_ != nullptr, "locked memory for a secret key");
  crypto_sign_seed_keypair(key.public_key_.bytes.data(), key.expanded_, seed.data());
  return key;
}

Result<SecretKey> SecretKey::parse(std::string_view text) {
  const Error malformed{ErrorCode::kMalformed,
                        "secret key: expected the line phase-secret-key-v1 and one of 64 "
                        "hexadecimal digits"};
  if (!text.starts_with(kKeyFileHead)) return malformed;
  text.remove_prefix(kKeyFileHead.size());
  if (text.size() != 65 || text.back() != '\n') return malformed;
  std::optional<Bytes> seed = from_hex(text.substr(0, 64));
  if (!seed) return malformed;
  Result<SecretKey> key = from_seed(*seed);
  sodium_memzero(seed->data(), seed->size());
  return key;
}

SecretKey::SecretKey(SecretKey&& other) noexcept
    : expanded_(std::exchange(other.expanded_, nullptr)), public_key_(other.public_key_) {}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
  std::swap(expanded_, other.expanded_);
  std::swap(public_key_, other.public_key_);
  return *this;
}

// sodium_free wipes before it unmaps.
SecretKey::~SecretKey() {
  sodium_free(expanded_);
}

Signature SecretKey::sign(ByteView message) const {
  check(expanded_ != nullptr, "a secret key that was moved away signs nothing");
  Signature signature;
  crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), expanded_);
  return signature;
}

std::string SecretKey::serialize() const {
  check(expanded_ != nullptr, "a secret key that was moved away has no text");
  // Reserved at once, so that no half of the seed is left behind in a freed buffer.
  std::string text;
  text.reserve(kKeyFileHead.size() + 65);
  text.append(kKeyFileHead);
  std::array<char, 65> hex;
  sodium_bin2hex(hex.data(), hex.size(), expanded_, crypto_sign_SEEDBYTES);
  text.append(hex.data()).append("\n");
  sodium_memzero(hex.data(), hex.size());
  return text;
}

}  // namespace phase
