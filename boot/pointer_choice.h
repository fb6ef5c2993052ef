// boot/pointer_choice.h
// Chooses among the pointers that the network offers: only what a pointer key signed, for this
// channel and architecture, and of those the highest release version; never the highest seq
// (an attacker without the key can replay any older item, seq and all). Pure.
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

class PointerChoice {
 public:
  PointerChoice(std::vector<PublicKey> pointer_keys, std::string channel, std::string arch,
                std::uint64_t min_version);

  /// Every (key, salt) to ask for.
  [[nodiscard]] std::vector<std::pair<PublicKey, std::string>> questions() const;

  /// `untrusted` as the network gave it. True where it is better than what was known. An error
  /// says why it counts for nothing (kWrongKey, kBadSignature, kMalformed, kRollback).
  Result<bool> offer(const SignedItem& untrusted);

  [[nodiscard]] const std::optional<Pointer>& best() const { return best_; }
  /// The verified items that say the same as best(), at most one for each question: what a
  /// provider puts again to keep the pointer alive.
  [[nodiscard]] std::vector<SignedItem> items() const;
  /// True once every salt of the best pointer's key is known.
  [[nodiscard]] bool complete() const;

 private:
  std::vector<PublicKey> keys_;
  std::string channel_, arch_;
  std::uint64_t min_version_;
  std::optional<Pointer> best_;
  std::int64_t best_seq_ = 0;
  PublicKey best_key_;
  std::map<std::string, SignedItem> items_;  // by salt, all of best_key_
};

}  // namespace phase::boot
