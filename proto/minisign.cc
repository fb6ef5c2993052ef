#include "proto/minisign.h"

#include <algorithm>
#include <cstring>

#include "proto/sodium_ready.h"

namespace phase {
namespace {

// "Ed", KDF, "B2", salt 32, opslimit 8, memlimit 8; then the part under the password's stream:
// key number 8, secret key 64, BLAKE2b-256 of "Ed" and both.
constexpr std::size_t kKdfAt = 2;
constexpr std::size_t kChecksumAlgorithmAt = 4;
constexpr std::size_t kSaltAt = 6;
constexpr std::size_t kOpslimitAt = 38;
constexpr std::size_t kMemlimitAt = 46;
constexpr std::size_t kBodyAt = 54;
constexpr std::size_t kKeyAt = 8;        // in the body
constexpr std::size_t kChecksumAt = 72;  // in the body
constexpr std::size_t kBodyBytes = kChecksumAt + crypto_generichash_BYTES;
constexpr std::size_t kBlobBytes = kBodyAt + kBodyBytes;
constexpr std::size_t kBlobDigits = 212;  // base64 with its padding

constexpr std::string_view kCommentHead = "untrusted comment: ";
constexpr std::string_view kAlgorithm = "Ed";
constexpr std::string_view kScrypt = "Sc";
constexpr std::string_view kNoKdf{"\0\0", 2};
constexpr std::string_view kBlake2b = "B2";

Error malformed(const char* what) {
  return {ErrorCode::kMalformed, std::string("minisign secret key: ") + what};
}

std::uint64_t read_le64(ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value |= std::uint64_t{bytes[i]} << (8 * i);
  return value;
}

void write_le64(std::uint8_t* out, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

/// The base64 line of a file of two lines; empty where it is not that.
std::string_view second_line(std::string_view text) {
  if (!text.starts_with(kCommentHead)) return {};
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return {};
  text.remove_prefix(end + 1);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

bool affordable(const ScryptCost& cost) {
  return cost.opslimit >= crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_MIN &&
         cost.memlimit >= crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_MIN &&
         cost.opslimit <= kMinisignCost.opslimit && cost.memlimit <= kMinisignCost.memlimit;
}

void write_checksum(ByteView body, std::uint8_t* out) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, crypto_generichash_BYTES);
  crypto_generichash_update(&state, as_bytes(kAlgorithm).data(), kAlgorithm.size());
  crypto_generichash_update(&state, body.data(), kChecksumAt);
  crypto_generichash_final(&state, out, crypto_generichash_BYTES);
  sodium_memzero(&state, sizeof state);
}

/// Encrypts `body` or decrypts it: both are the same.
Result<void> apply_password(SecretBytes& body, std::string_view password,
                            const std::array<std::uint8_t, 32>& salt, const ScryptCost& cost) {
  SecretBytes stream(body.size());
  if (crypto_pwhash_scryptsalsa208sha256(stream.data(), stream.size(), password.data(),
                                         password.size(), salt.data(), cost.opslimit,
                                         cost.memlimit) != 0) {
    return {ErrorCode::kMemory, "minisign secret key: its password takes " +
                                    std::to_string(cost.memlimit >> 20) +
                                    " MiB of memory to check, and less is free"};
  }
  for (std::size_t i = 0; i < body.size(); ++i) body.data()[i] ^= stream.data()[i];
  return {};
}

/// `minisign -G -W` leaves the checksum at zeros; `minisign -C -W` leaves it in place.
bool checksum_holds(ByteView body, bool encrypted) {
  const ByteView given = body.subspan(kChecksumAt);
  std::array<std::uint8_t, crypto_generichash_BYTES> expected;
  write_checksum(body, expected.data());
  return sodium_memcmp(given.data(), expected.data(), expected.size()) == 0 ||
         (!encrypted && sodium_is_zero(given.data(), given.size()) == 1);
}

}  // namespace

Result<MinisignSecretKey> MinisignSecretKey::parse(std::string_view untrusted) {
  const Error other = malformed("expected a line \"untrusted comment: …\" and one of 212 characters");
  if (untrusted.size() > kMaxMinisignFile) return malformed("the file is too long");
  const std::string_view line = second_line(untrusted);
  if (line.size() != kBlobDigits) return other;
  sodium_ready();
  SecretBytes blob(kBlobBytes);
  std::size_t size = 0;
  if (sodium_base642bin(blob.data(), blob.size(), line.data(), line.size(), nullptr, &size, nullptr,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      size != blob.size()) {
    return other;
  }
  const std::string_view text = blob.text();
  if (!text.starts_with(kAlgorithm)) return malformed("its algorithm is not Ed25519");
  if (text.substr(kChecksumAlgorithmAt, 2) != kBlake2b) return malformed("its checksum is not B2");
  const std::string_view kdf = text.substr(kKdfAt, 2);
  if (kdf != kScrypt && kdf != kNoKdf) return malformed("its key derivation is not scrypt");

  MinisignSecretKey key;
  key.encrypted_ = kdf == kScrypt;
  key.salt_ = *exactly<32>(blob.view().subspan(kSaltAt, 32));
  key.cost_ = {read_le64(blob.view().subspan(kOpslimitAt, 8)),
               read_le64(blob.view().subspan(kMemlimitAt, 8))};
  if (key.encrypted_ && !affordable(key.cost_)) {
    return malformed("the cost of its password is not between libsodium's least and minisign's own");
  }
  key.body_ = SecretBytes(kBodyBytes);
  std::copy_n(blob.data() + kBodyAt, kBodyBytes, key.body_.data());
  return key;
}

Result<SecretKey> MinisignSecretKey::open(std::string_view password) const {
  SecretBytes body(body_.size());
  std::copy_n(body_.view().data(), body.size(), body.data());
  if (encrypted_) {
    if (auto done = apply_password(body, password, salt_, cost_); !done) return done.error();
  }
  if (!checksum_holds(body.view(), encrypted_)) {
    if (encrypted_) return {ErrorCode::kUsage, "minisign secret key: the password is wrong"};
    return malformed("its checksum does not match; the file was altered");
  }
  const ByteView secret = body.view().subspan(kKeyAt, crypto_sign_SECRETKEYBYTES);
  auto key = SecretKey::from_seed(secret.first(crypto_sign_SEEDBYTES),
                                  exactly<8>(body.view().first(kKeyAt)));
  if (key && sodium_memcmp(key->expanded().data(), secret.data(), secret.size()) != 0) {
    return malformed("its public key is not that of its secret key; it must not sign anything");
  }
  return key;
}

Result<SecretBytes> encode_minisign_secret_key(const SecretKey& key, const MinisignLock* lock) {
  sodium_ready();
  SecretBytes body(kBodyBytes);
  const KeyNumber number = key.public_key().key_number();
  std::copy(number.begin(), number.end(), body.data());
  std::copy_n(key.expanded().data(), crypto_sign_SECRETKEYBYTES, body.data() + kKeyAt);
  write_checksum(body.view(), body.data() + kChecksumAt);

  SecretBytes blob(kBlobBytes);
  std::copy(kAlgorithm.begin(), kAlgorithm.end(), blob.data());
  std::copy(kBlake2b.begin(), kBlake2b.end(), blob.data() + kChecksumAlgorithmAt);
  if (lock != nullptr) {
    std::array<std::uint8_t, 32> salt;
    lock->random.fill(salt);
    if (auto done = apply_password(body, lock->password, salt, lock->cost); !done)
      return done.error();
    std::copy(kScrypt.begin(), kScrypt.end(), blob.data() + kKdfAt);
    std::copy(salt.begin(), salt.end(), blob.data() + kSaltAt);
    write_le64(blob.data() + kOpslimitAt, lock->cost.opslimit);
    write_le64(blob.data() + kMemlimitAt, lock->cost.memlimit);
  }
  std::copy_n(body.data(), kBodyBytes, blob.data() + kBodyAt);

  std::string comment(kCommentHead);
  comment.append(lock != nullptr ? "minisign encrypted secret key" : "minisign unencrypted secret key");
  comment.append(" ").append(key_number_text(number)) += '\n';
  SecretBytes text(comment.size() + kBlobDigits + 1);
  std::copy(comment.begin(), comment.end(), text.data());
  // Writes a NUL behind the digits, where the end of the line comes next.
  sodium_bin2base64(reinterpret_cast<char*>(text.data()) + comment.size(), kBlobDigits + 1,
                    blob.data(), blob.size(), sodium_base64_VARIANT_ORIGINAL);
  text.data()[text.size() - 1] = '\n';
  return text;
}

}  // namespace phase
