// How root documents are shown to people (trust_document.h).
#include <algorithm>

#include "node/trust_document.h"
#include "proto/utc.h"

namespace phase::node {
namespace {

std::string ids(const std::vector<PublicKey>& keys) {
  std::string text;
  for (const PublicKey& key : keys) text += (text.empty() ? "" : ", ") + key.id();
  return text;
}

std::string role_text(const RoleKeys& role) {
  return std::to_string(role.threshold) + " of " + std::to_string(role.keys.size()) + ": " +
         ids(role.keys);
}

std::string when(WallTime time) { return time.seconds == 0 ? "never" : utc_text(time); }

}  // namespace

std::optional<std::string> what_is_missing(const RoleKeys& role,
                                           const std::vector<PublicKey>& signers) {
  const auto there = static_cast<std::int64_t>(signers.size());
  if (there >= role.threshold) return std::nullopt;
  std::vector<PublicKey> left;
  for (const PublicKey& key : role.keys) {
    if (std::find(signers.begin(), signers.end(), key) == signers.end()) left.push_back(key);
  }
  const std::string have = signers.empty() ? "none" : std::to_string(there) + " (" + ids(signers) + ")";
  return std::to_string(role.threshold) + " of " + std::to_string(role.keys.size()) +
         " keys must sign, " + have + " did; missing " + std::to_string(role.threshold - there) +
         " more of: " + ids(left);
}

std::vector<std::string> describe_root(const Root& root) {
  std::vector<std::string> lines{"root version  " + std::to_string(root.version),
                                 "created       " + when(root.created),
                                 "expires       " + when(root.expires),
                                 "TPM counter   " + std::to_string(root.counter),
                                 "root          " + role_text(root.root)};
  for (const Grant& grant : root.release) {
    lines.push_back("release       " + scope_text(grant) + "  " + role_text(grant.signers));
  }
  for (const Grant& grant : root.pointer) {
    lines.push_back("pointer       " + scope_text(grant) + "  " + role_text(grant.signers));
  }
  for (const VersionFloor& floor : root.floors) {
    lines.push_back("min version   " + (floor.channel.empty() ? "*" : floor.channel) +
                    (floor.arch.empty() ? "" : "/" + floor.arch) + "  " +
                    std::to_string(floor.release_version));
  }
  return lines;
}

std::vector<std::string> describe_change(const Root& from, const Root& to) {
  const auto old = describe_root(from);
  const auto now = describe_root(to);
  std::vector<std::string> lines;
  for (const std::string& line : old) {
    if (std::find(now.begin(), now.end(), line) == now.end()) lines.push_back("- " + line);
  }
  for (const std::string& line : now) {
    if (std::find(old.begin(), old.end(), line) == old.end()) lines.push_back("+ " + line);
  }
  return lines;
}

}  // namespace phase::node
