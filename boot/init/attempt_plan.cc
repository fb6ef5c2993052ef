#include "boot/init/attempt_plan.h"

#include <algorithm>

#include "boot/init/identities.h"

namespace phase::boot {

std::uint64_t AttemptPlan::min_version() const { return std::max(options.min_version, floor); }

const std::vector<std::string>& AttemptPlan::bootstrap() const {
  return options.bootstrap.empty() ? policy.bootstrap : options.bootstrap;
}

VerifierOrder AttemptPlan::verifier_order() const {
  return {.parent = kFetchFolder,
          .policy = policy,
          .channel = options.channel,
          .arch = arch,
          .min_version = min_version(),
          .tpm_counter = tpm_counter,
          .now = now,
          .mode = options.mode,
          .bootstrap = bootstrap(),
          .room = room};
}

std::vector<std::string> AttemptPlan::fetch_arguments(const std::string& cache) const {
  std::vector<std::string> out{"--trust",   kRunTrustFile,
                               "--folder",  kFetchFolder,
                               "--channel", options.channel,
                               "--arch",    arch,
                               "--mode",    mode_name(options.mode),
                               "--now",     std::to_string(now.seconds)};
  if (offline) out.insert(out.end(), {"--network", "none"});
  if (!cache.empty()) out.insert(out.end(), {"--cache", cache});
  if (options.proxy) out.insert(out.end(), {"--proxy", options.proxy->text()});
  if (min_version() != 0) {
    out.insert(out.end(), {"--min-version", std::to_string(min_version())});
  }
  // The verifier refuses a release under a root below it; it need not be fetched first.
  if (tpm_counter != 0) out.insert(out.end(), {"--root-counter", std::to_string(tpm_counter)});
  for (const std::string& node : bootstrap()) out.insert(out.end(), {"--bootstrap", node});
  if (!options.provider.empty()) out.insert(out.end(), {"--provider", options.provider});
  for (const std::string& mirror : policy.mirrors) out.insert(out.end(), {"--provider", mirror});
  return out;
}

}  // namespace phase::boot
