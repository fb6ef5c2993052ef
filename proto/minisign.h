// proto/minisign.h
// Secret key files of minisign 0.11 (https://jedisct1.github.io/minisign/), encrypted with a
// password or not: the files of `minisign -G`, `-G -W` and `-C`. Public keys are keys.h's,
// signatures checksums.h's. Reads and writes no file; the text is untrusted until it was opened.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "proto/keys.h"
#include "proto/ports.h"
#include "proto/result.h"
#include "proto/secret_bytes.h"

namespace phase {

inline constexpr std::size_t kMaxMinisignFile = 2048;  ///< Two lines, the comment's at most 1 KiB.
inline constexpr std::size_t kMaxPassword = 1024;      ///< minisign's own limit.

/// What one password guess costs (libsodium's scrypt).
struct ScryptCost {
  std::uint64_t opslimit = 0;
  std::uint64_t memlimit = 0;  ///< Bytes.
};
/// What minisign takes: 1 GiB and some seconds. A file that asks for more is refused, so that a
/// hostile one costs no more than an honest one.
inline constexpr ScryptCost kMinisignCost{33'554'432, 1'073'741'824};

class MinisignSecretKey {
 public:
  /// The whole file. kMalformed for anything that minisign did not write, and for a cost above
  /// kMinisignCost. No password is needed yet.
  [[nodiscard]] static Result<MinisignSecretKey> parse(std::string_view untrusted);

  [[nodiscard]] bool encrypted() const { return encrypted_; }
  /// The key with its key number. `password` counts where encrypted(); kUsage where it is wrong,
  /// kMemory where there is less memory than the file's cost, kMalformed where the public half is
  /// not the secret half's (signing with such a pair would give the secret away).
  [[nodiscard]] Result<SecretKey> open(std::string_view password) const;

 private:
  MinisignSecretKey() = default;
  bool encrypted_ = false;
  std::array<std::uint8_t, 32> salt_{};
  ScryptCost cost_;
  SecretBytes body_;  // key number, seed, public key, checksum; under the password's stream
};

/// How an exported file is encrypted. `password` has at most kMaxPassword bytes.
struct MinisignLock {
  std::string_view password;
  Random& random;  ///< For the salt.
  ScryptCost cost = kMinisignCost;
};

/// The file's text; unencrypted where `lock` is null. kMemory as in open().
[[nodiscard]] Result<SecretBytes> encode_minisign_secret_key(const SecretKey& key,
                                                             const MinisignLock* lock);

}  // namespace phase
