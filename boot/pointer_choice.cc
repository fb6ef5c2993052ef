#include "boot/pointer_choice.h"

#include <algorithm>

namespace phase::boot {

PointerChoice::PointerChoice(std::vector<PublicKey> pointer_keys, std::string channel,
                             std::string arch, std::uint64_t min_version)
    : keys_(std::move(pointer_keys)),
      channel_(std::move(channel)),
      arch_(std::move(arch)),
      min_version_(min_version) {}

std::vector<std::pair<PublicKey, std::string>> PointerChoice::questions() const {
  std::vector<std::pair<PublicKey, std::string>> all;
  for (const PublicKey& key : keys_) {
    for (int i = 0; i < kPointerSalts; ++i) all.emplace_back(key, pointer_salt(channel_, arch_, i));
  }
  return all;
}

Result<bool> PointerChoice::offer(const SignedItem& untrusted) {
  if (std::find(keys_.begin(), keys_.end(), untrusted.key) == keys_.end()) {
    return Error{ErrorCode::kWrongKey, "pointer of key " + untrusted.key.id() + ", which is not asked"};
  }
  bool asked = false;
  for (int i = 0; i < kPointerSalts; ++i) asked |= untrusted.salt == pointer_salt(channel_, arch_, i);
  if (!asked) return Error{ErrorCode::kWrongChannel, "pointer under a salt that was not asked"};
  if (auto valid = verify_item(untrusted); !valid) return valid.error().in("pointer");
  auto pointer = decode_pointer(untrusted.value);
  if (!pointer) return pointer.error().in("pointer");
  if (pointer->release_version < min_version_) {
    return Error{ErrorCode::kRollback, "pointer names version " +
                                           std::to_string(pointer->release_version) +
                                           ", the floor is " + std::to_string(min_version_)};
  }

  const bool same = best_ && best_key_ == untrusted.key && best_seq_ == untrusted.seq &&
                    best_->manifest_sha256 == pointer->manifest_sha256;
  if (same) {
    items_.insert_or_assign(untrusted.salt, untrusted);
    return false;
  }
  const bool newer =
      !best_ || pointer->release_version > best_->release_version ||
      (pointer->release_version == best_->release_version && untrusted.seq > best_seq_);
  if (!newer) return false;
  best_ = std::move(*pointer);
  best_key_ = untrusted.key;
  best_seq_ = untrusted.seq;
  items_.clear();
  items_.emplace(untrusted.salt, untrusted);
  return true;
}

std::vector<SignedItem> PointerChoice::items() const {
  std::vector<SignedItem> all;
  for (const auto& [salt, item] : items_) all.push_back(item);
  return all;
}

bool PointerChoice::complete() const { return items_.size() == kPointerSalts; }

}  // namespace phase::boot
