// serialize_trust_file() of trust.h. docs/TRUST-FILE.md is the format.
#include "proto/trust.h"

namespace phase {
namespace {

/// Every text that parse_trust_file() accepts needs no more escapes than these.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "\"";
}

std::string line_of(const char* key, const std::vector<std::string>& texts) {
  std::string out = std::string(key) + " = [";
  for (std::size_t i = 0; i < texts.size(); ++i) out += (i == 0 ? "" : ", ") + quoted(texts[i]);
  return out + "]\n";
}

std::vector<std::string> hexes(const std::vector<PublicKey>& keys) {
  std::vector<std::string> out;
  for (const PublicKey& key : keys) out.push_back(key.hex());
  return out;
}

/// What keys alone can say. Any other root would be read back as another one, with less to ask.
bool is_of_keys_alone(const Root& root) {
  if (root.release.size() != 1 || root.pointer.size() != 1) return false;
  Root keys_alone;
  keys_alone.root = root.root;
  keys_alone.release = {Grant{.channels = {}, .archs = {}, .signers = root.root}};
  keys_alone.pointer = {
      Grant{.channels = {}, .archs = {}, .signers = root.pointer.front().signers}};
  return root == keys_alone;
}

}  // namespace

std::string serialize_trust_file(const TrustPolicy& policy) {
  std::string out = "format = 1\n";
  if (!policy.root_document.empty()) {
    out += "root = " + quoted(to_base64(policy.root_document)) + "\n";
  } else {
    check(is_of_keys_alone(policy.root), "a root beyond a few keys needs its document");
    const RoleKeys& release = policy.root.release.front().signers;
    out += line_of("release_keys", hexes(release.keys));
    out += "release_threshold = " + std::to_string(release.threshold) + "\n";
    out += line_of("pointer_keys", hexes(policy.root.pointer.front().signers.keys));
  }
  out += std::string("locked = ") + (policy.locked ? "true" : "false") + "\n";
  out += "time_floor = " + std::to_string(policy.time_floor.seconds) + "\n";
  out += line_of("mirrors", policy.mirrors);
  out += line_of("bootstrap", policy.bootstrap);
  // Even where it says what holds without it: whoever reads the file sees what passes.
  out += "\n[command_line]\n";
  for (const OptionRule& rule : policy.command_line) {
    out += quoted(rule.name) + " = " + quoted(type_of(rule)) + "\n";
  }
  if (!policy.min_version.empty()) out += "\n[min_version]\n";
  for (const auto& [channel, version] : policy.min_version) {
    out += quoted(channel) + " = " + std::to_string(version) + "\n";
  }
  return out;
}

}  // namespace phase
