// Queries of a root document, and the rules that it must keep by itself (root.h).
#include <algorithm>
#include <set>

#include "proto/names.h"
#include "proto/root.h"

namespace phase {
namespace {

constexpr std::uint64_t kHighestVersion = 0x7fffffffffffffff;  // as release versions
constexpr std::int64_t kEndOfTime = 253402300799;              // 9999-12-31, as in manifests
constexpr std::size_t kMaxScopes = 32;

bool named(const std::vector<std::string>& names, std::string_view name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

const RoleKeys* first_covering(const std::vector<Grant>& grants, std::string_view channel,
                               std::string_view arch) {
  const auto found = std::find_if(grants.begin(), grants.end(), [&](const Grant& grant) {
    return grant.covers(channel, arch);
  });
  return found == grants.end() ? nullptr : &found->signers;
}

using Rule = std::optional<std::string>;

Rule broken_role(const RoleKeys& role, const std::string& what, std::size_t most) {
  if (role.keys.empty()) return what + " names no key";
  if (role.keys.size() > most) return what + " names more than " + std::to_string(most) + " keys";
  // By id, not by key: an id has 64 bits, so whoever makes keys for it can make two with the same one,
  // and people and signatures could not tell them apart.
  std::set<std::string> ids;
  for (const PublicKey& key : role.keys) ids.insert(key.id());
  if (ids.size() != role.keys.size()) return what + " names a key twice, or two with the same id";
  if (role.threshold < 1 || role.threshold > static_cast<std::int64_t>(role.keys.size())) {
    return what + ": threshold " + std::to_string(role.threshold) + " of " +
           std::to_string(role.keys.size()) + " keys";
  }
  return std::nullopt;
}

Rule broken_scope(const Grant& grant, const std::string& what) {
  if (grant.channels.size() > kMaxScopes || grant.archs.size() > kMaxScopes) {
    return what + " names too many channels or architectures";
  }
  for (const std::string& channel : grant.channels) {
    if (!check_channel(channel)) return what + " names a channel that is none";
  }
  for (const std::string& arch : grant.archs) {
    const auto normal = normalise_arch(arch);
    if (!normal || *normal != arch) return what + " names an architecture that is none";
  }
  return std::nullopt;
}

Rule broken_grants(const std::vector<Grant>& grants, const std::string& what, std::size_t most) {
  if (grants.size() > kMaxGrants) return "more than " + std::to_string(kMaxGrants) + " of " + what;
  for (const Grant& grant : grants) {
    if (auto broken = broken_role(grant.signers, what, most)) return broken;
    if (auto broken = broken_scope(grant, what)) return broken;
  }
  return std::nullopt;
}

Rule broken_pointer_grants(const std::vector<Grant>& grants) {
  if (auto broken = broken_grants(grants, "a pointer role", kMaxPointerKeys)) return broken;
  for (const Grant& grant : grants) {
    // An item of BEP 44 has one key and one signature.
    if (grant.signers.threshold != 1) return "a pointer role: its threshold can only be 1";
  }
  return std::nullopt;
}

Rule broken_floors(const std::vector<VersionFloor>& floors) {
  if (floors.size() > kMaxFloors) return "more than " + std::to_string(kMaxFloors) + " floors";
  for (const VersionFloor& floor : floors) {
    if (!floor.channel.empty() && !check_channel(floor.channel)) {
      return "a floor names a channel that is none";
    }
    const auto arch = normalise_arch(floor.arch);
    if (!floor.arch.empty() && (!arch || *arch != floor.arch)) {
      return "a floor names an architecture that is none";
    }
    if (floor.release_version == 0 || floor.release_version > kHighestVersion) {
      return "a floor's version is none";
    }
  }
  return std::nullopt;
}

Rule broken_times(const Root& root) {
  const auto possible = [](WallTime time) { return time.seconds >= 0 && time.seconds <= kEndOfTime; };
  if (!possible(root.created) || !possible(root.expires)) return "a time is out of range";
  if (root.expires.seconds != 0 && root.expires < root.created) return "expires before it was made";
  return std::nullopt;
}

}  // namespace

bool Grant::covers(std::string_view channel, std::string_view arch) const {
  return named(channels, channel) && named(archs, arch);
}

const RoleKeys* Root::release_role(std::string_view channel, std::string_view arch) const {
  return first_covering(release, channel, arch);
}

std::vector<PublicKey> Root::pointer_keys(std::string_view channel, std::string_view arch) const {
  const RoleKeys* role = first_covering(pointer, channel, arch);
  return role == nullptr ? std::vector<PublicKey>{} : role->keys;
}

std::uint64_t Root::floor(std::string_view channel, std::string_view arch) const {
  std::uint64_t highest = 0;
  for (const VersionFloor& one : floors) {
    const bool meant = (one.channel.empty() || one.channel == channel) &&
                       (one.arch.empty() || one.arch == arch);
    if (meant) highest = std::max(highest, one.release_version);
  }
  return highest;
}

std::string Root::name() const {
  check(!root.keys.empty(), "a root without keys has no name");
  return root.keys.front().id();
}

Root virtual_root(const PublicKey& key) {
  const RoleKeys alone{.keys = {key}, .threshold = 1};
  Root root;
  root.root = alone;
  root.release = {Grant{.channels = {}, .archs = {}, .signers = alone}};
  root.pointer = root.release;
  return root;
}

std::optional<std::string> broken_root_rule(const Root& root) {
  if (root.version == 0 || root.version > kHighestVersion) return "its version is none";
  if (root.counter > kMaxRootCounter) {
    return "its counter is above " + std::to_string(kMaxRootCounter);
  }
  if (auto broken = broken_times(root)) return broken;
  if (auto broken = broken_role(root.root, "the root role", kMaxRoleKeys)) return broken;
  if (auto broken = broken_grants(root.release, "a release role", kMaxRoleKeys)) return broken;
  if (auto broken = broken_pointer_grants(root.pointer)) return broken;
  return broken_floors(root.floors);
}

Sha1 next_root_target(const Root& root) {
  return sha1(as_bytes("phase/1/root" + root.name() + std::to_string(root.version + 1)));
}

std::string next_root_path(const Root& root) {
  return "/trust/" + root.name() + "/" + std::to_string(root.version + 1) + ".roots";
}

}  // namespace phase
