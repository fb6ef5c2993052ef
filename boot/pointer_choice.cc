#include "boot/pointer_choice.h"

#include <algorithm>

namespace phase::boot {
namespace {

bool has(const std::vector<PublicKey>& keys, const PublicKey& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace

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

void PointerChoice::set_keys(std::vector<PublicKey> pointer_keys) {
  keys_ = std::move(pointer_keys);
  std::erase_if(by_key_, [this](const auto& one) { return !has(keys_, one.first); });
  choose();
}

Result<bool> PointerChoice::offer(const SignedItem& untrusted) {
  if (!has(keys_, untrusted.key)) {
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

  OfKey& known = by_key_[untrusted.key];
  // What was refused, and what is older than that: a key says nothing new with it.
  const bool refused = pointer->release_version < known.refused_version ||
                       (pointer->release_version == known.refused_version &&
                        pointer->manifest_sha256 == known.refused_manifest);
  if (refused || known.refusals >= kMaxRefused) return false;
  const bool same = known.pointer && known.seq == untrusted.seq &&
                    known.pointer->manifest_sha256 == pointer->manifest_sha256;
  if (same) {
    known.items.insert_or_assign(untrusted.salt, untrusted);
    return false;
  }
  const bool newer =
      !known.pointer || pointer->release_version > known.pointer->release_version ||
      (pointer->release_version == known.pointer->release_version && untrusted.seq > known.seq);
  if (!newer) return false;
  known.pointer = std::move(*pointer);
  known.seq = untrusted.seq;
  known.items.clear();
  known.items.emplace(untrusted.salt, untrusted);
  const bool was_chosen = chosen() == &known;
  choose();
  return was_chosen;
}

bool PointerChoice::refuse_best() {
  const OfKey* refused = chosen();
  if (refused == nullptr) return false;
  for (auto& [key, known] : by_key_) {
    if (&known != refused) continue;
    known.refused_version = known.pointer->release_version;
    known.refused_manifest = known.pointer->manifest_sha256;
    ++known.refusals;
    known.pointer.reset();
    known.items.clear();
  }
  choose();
  return best_.has_value();
}

bool PointerChoice::has_other() const {
  return std::count_if(by_key_.begin(), by_key_.end(),
                       [](const auto& one) { return one.second.pointer.has_value(); }) > 1;
}

const PointerChoice::OfKey* PointerChoice::chosen() const {
  const OfKey* best = nullptr;
  for (const auto& [key, known] : by_key_) {
    if (!known.pointer) continue;
    const bool better =
        best == nullptr || known.pointer->release_version > best->pointer->release_version ||
        (known.pointer->release_version == best->pointer->release_version && known.seq > best->seq);
    if (better) best = &known;
  }
  return best;
}

void PointerChoice::choose() {
  const OfKey* best = chosen();
  best_ = best == nullptr ? std::nullopt : best->pointer;
}

std::vector<SignedItem> PointerChoice::items() const {
  std::vector<SignedItem> all;
  const OfKey* best = chosen();
  if (best == nullptr) return all;
  for (const auto& [salt, item] : best->items) all.push_back(item);
  return all;
}

}  // namespace phase::boot
