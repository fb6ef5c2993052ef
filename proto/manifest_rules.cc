#include "proto/manifest_rules.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "proto/names.h"

namespace phase {
namespace {

constexpr std::int64_t kEndOfTime = 253402300799;      // 9999-12-31, so that every time has a date
constexpr std::uint64_t kMaxMemoryBytes = 1ULL << 46;  // 64 TiB; sums of a few stay in 64 bits
constexpr std::size_t kMaxKernelRelease = 64;          // struct utsname, less NUL
constexpr std::size_t kMaxCompatible = 128;
// With every size within its limit no sum of sizes overflows.
static_assert(kMaxArtifactBytes <= std::numeric_limits<std::uint64_t>::max() / kMaxArtifacts);

using Rule = std::optional<std::string>;

bool all_between(std::string_view text, char first, char last) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return c >= first && c <= last; });
}

bool name_fits_role(const Artifact& artifact) {
  switch (artifact.role) {
    case Role::kKernel:
    case Role::kInitramfs:
    case Role::kRootfs:
      return artifact.name == role_name(artifact.role);
    case Role::kDeviceTree:
      return artifact.name.starts_with("dtbs/");
  }
  return false;
}

Rule broken_by_artifact(const Artifact& artifact) {
  if (!valid_artifact_name(artifact.name)) return "an artifact's name is no path in a release";
  const std::string name = "artifact " + artifact.name;
  if (!name_fits_role(artifact)) return name + ": another name than its role has";
  if (artifact.size == 0) return name + ": is empty";
  if (artifact.size > kMaxArtifactBytes) return name + ": is over 64 GiB";
  if (artifact.sha256 == Sha256{}) return name + ": has no SHA-256";
  if (artifact.pieces_root == Sha256{}) return name + ": has no pieces root";
  if (artifact.role != Role::kDeviceTree && !artifact.compatible.empty()) {
    return name + ": only device trees name a machine";
  }
  if (artifact.compatible.size() > kMaxCompatible || !all_between(artifact.compatible, '!', '~')) {
    return name + ": its machine is over 128 bytes or not printable ASCII";
  }
  return {};
}

Rule broken_by_names(const std::vector<Artifact>& artifacts) {
  std::vector<std::string> names;
  for (const Artifact& artifact : artifacts) names.push_back(artifact.name);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (std::count(names.begin(), names.end(), name) > 1)
      return "artifact " + name + ": named twice";
    const auto below = std::lower_bound(names.begin(), names.end(), name + "/");
    if (below != names.end() && below->starts_with(name + "/")) {
      return "artifact " + name + ": is a file and a folder";
    }
  }
  return {};
}

Rule broken_by_artifacts(const std::vector<Artifact>& artifacts) {
  if (artifacts.size() > kMaxArtifacts) {
    return "more than " + std::to_string(kMaxArtifacts) + " artifacts";
  }
  for (const Artifact& artifact : artifacts) {
    if (Rule rule = broken_by_artifact(artifact)) return rule;
  }
  const auto count = [&](Role role) {
    return std::count_if(artifacts.begin(), artifacts.end(),
                         [&](const Artifact& artifact) { return artifact.role == role; });
  };
  if (count(Role::kKernel) != 1) return "not exactly one kernel";
  if (count(Role::kInitramfs) != 1) return "not exactly one initramfs";
  if (count(Role::kRootfs) > 1) return "more than one rootfs";
  return broken_by_names(artifacts);
}

Rule broken_by_times(const Manifest& manifest) {
  const auto within = [](WallTime time) { return time.seconds >= 0 && time.seconds <= kEndOfTime; };
  if (!within(manifest.created) || !within(manifest.expires))
    return "a time before 1970 or after 9999";
  if (manifest.expires.seconds != 0 && manifest.expires < manifest.created) {
    return "expires before it was created";
  }
  return {};
}

}  // namespace

std::optional<std::string> broken_rule(const Manifest& manifest) {
  if (const auto channel = check_channel(manifest.channel); !channel) return channel.error().detail;
  const auto arch = normalise_arch(manifest.arch);
  if (!arch || *arch != manifest.arch) return "the architecture is neither x86_64 nor aarch64";
  // Bencoded integers, as the pointer has them, end at 63 bits.
  if (manifest.release_version == 0 ||
      manifest.release_version > std::numeric_limits<std::int64_t>::max()) {
    return "the release version is not between 1 and 2^63 - 1";
  }
  if (Rule rule = broken_by_times(manifest)) return rule;
  if (Rule rule = broken_by_artifacts(manifest.artifacts)) return rule;
  if (manifest.cmdline.size() > kMaxCmdline || !all_between(manifest.cmdline, ' ', '~')) {
    return "the command line is over " + std::to_string(kMaxCmdline) +
           " bytes or not printable ASCII";
  }
  if (std::count(manifest.cmdline.begin(), manifest.cmdline.end(), '"') % 2 != 0) {
    return "the command line leaves a quote open";
  }
  if (manifest.kernel_release.size() > kMaxKernelRelease ||
      !all_between(manifest.kernel_release, '!', '~')) {
    return "the kernel release is over 64 bytes or not printable ASCII";
  }
  if (manifest.kernel_memory > kMaxMemoryBytes || manifest.initramfs_unpacked > kMaxMemoryBytes ||
      manifest.min_memory > kMaxMemoryBytes) {
    return "a memory size is over 64 TiB";
  }
  return {};
}

}  // namespace phase
