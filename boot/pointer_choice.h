// boot/pointer_choice.h
// Chooses among the pointers that the network offers: only what a pointer key signed, for this
// channel and architecture, and of those the highest release version; never the highest seq
// (an attacker without the key can replay any older item, seq and all).
//
// A pointer key may be stolen, and what it signs is only a hint until the manifest was verified. So
// the best pointer of each key is kept: where a manifest is refused, the owner says so with
// refuse_best(), and the next key's has its turn. Older pointers of one key are replays, and no
// way back. A key whose pointers were refused kMaxRefused times is not listened to any more. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/pointer.h"
#include "proto/result.h"

namespace phase::boot {

inline constexpr std::size_t kMaxRefused = 3;

class PointerChoice {
 public:
  PointerChoice(std::vector<PublicKey> pointer_keys, std::string channel, std::string arch,
                std::uint64_t min_version);

  /// Every (key, salt) to ask for.
  [[nodiscard]] std::vector<std::pair<PublicKey, std::string>> questions() const;
  /// Other keys count from now on; what the others signed is forgotten.
  void set_keys(std::vector<PublicKey> pointer_keys);

  /// `untrusted` as the network gave it. True where best() is another one now. An error
  /// says why it counts for nothing (kWrongKey, kBadSignature, kMalformed, kRollback).
  Result<bool> offer(const SignedItem& untrusted);
  /// The manifest that best() names is none, or nobody has it: its key's pointers of this and lower
  /// versions count no more. True where another key has one.
  bool refuse_best();
  /// Somebody else than best()'s key names a release as well.
  [[nodiscard]] bool has_other() const;

  [[nodiscard]] const std::optional<Pointer>& best() const { return best_; }
  /// The verified items that say the same as best(), at most one for each question: what a
  /// provider puts again to keep the pointer alive.
  [[nodiscard]] std::vector<SignedItem> items() const;

 private:
  struct OfKey {
    std::optional<Pointer> pointer;           // none: nothing came, or it was refused
    std::int64_t seq = 0;
    std::map<std::string, SignedItem> items;  // by salt, all saying the same
    std::uint64_t refused_version = 0;
    Sha256 refused_manifest{};
    std::size_t refusals = 0;
  };
  /// The key with the highest version; null where there is none.
  [[nodiscard]] const OfKey* chosen() const;
  void choose();

  std::vector<PublicKey> keys_;
  std::string channel_, arch_;
  std::uint64_t min_version_;
  std::map<PublicKey, OfKey> by_key_;
  std::optional<Pointer> best_;
};

}  // namespace phase::boot
