#include "boot/init/trust_choice.h"

#include "boot/init/identities.h"

namespace phase::boot {

Result<TrustChoice> choose_trust(const std::optional<std::string>& trust_file,
                                 const std::optional<PublicKey>& key) {
  TrustChoice choice;
  if (!trust_file) {
    if (!key) {
      return {ErrorCode::kConfig,
              std::string("no key to trust: add phase.key=PUBLIC_KEY to the kernel command line, "
                          "or make the initramfs with phase-mkinitramfs --trust (") +
                  kTrustFile + ")"};
    }
    choice.policy = trust_single_key(*key);
    return choice;
  }
  auto file = parse_trust_file(*trust_file);
  // A damaged file could have been a locked one: phase.key does not replace it.
  if (!file) return file.error().in(kTrustFile);
  if (!key) {
    choice.policy = std::move(*file);
    return choice;
  }
  if (file->locked) {
    choice.warnings.push_back(
        "phase.key is passed over: the trust file of this initramfs is locked");
    choice.policy = std::move(*file);
    return choice;
  }
  choice.policy = trust_single_key(*key);
  choice.policy.time_floor = file->time_floor;
  choice.policy.bootstrap = std::move(file->bootstrap);
  choice.policy.command_line = std::move(file->command_line);
  return choice;
}

bool trust_is_locked(const std::optional<std::string>& trust_file) {
  if (!trust_file) return false;
  const auto policy = parse_trust_file(*trust_file);
  return !policy || policy->locked;
}

}  // namespace phase::boot
