// What the trust engine must decide, said once more and otherwise: without cryptography. Every
// signature that anybody makes is written down in a ledger, and one counts where it stands there for
// exactly this key and this message. Nothing of proto/'s rules is called from here.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "proto/trust_engine.h"

namespace phase::fuzz {

/// Keys 0 to 7 are the publisher's, 8 to 10 the attackers' own.
inline constexpr std::size_t kKeys = 11;
inline constexpr std::size_t kHonestKeys = 8;

class Ledger {
 public:
  Ledger();
  [[nodiscard]] const PublicKey& key(std::size_t number) const { return public_.at(number); }
  /// Signs and writes it down.
  SignatureEntry sign(std::size_t number, const Bytes& message);
  /// The keys that signed exactly `message` by one of `signatures`, under their own ids.
  [[nodiscard]] std::set<PublicKey> signers(const Bytes& message,
                                            const std::vector<SignatureEntry>& signatures) const;

 private:
  std::vector<const SecretKey*> secret_;
  std::vector<PublicKey> public_;
  std::map<std::pair<std::size_t, Bytes>, Signature> made_;
};

/// The bytes that are signed: every field, in words, so that two documents never share them.
[[nodiscard]] Bytes message_of(const Root& root);
[[nodiscard]] Bytes message_of(const Manifest& manifest);

/// The engine's state and its two decisions.
struct Model {
  Root root;
  WallTime now;
  int steps = 0;

  [[nodiscard]] bool may_advance(const Signed<Root>& next, const Ledger& ledger) const;
  [[nodiscard]] bool may_admit(const Signed<Manifest>& manifest, const Wanted& wanted,
                               const Ledger& ledger) const;
};

}  // namespace phase::fuzz
