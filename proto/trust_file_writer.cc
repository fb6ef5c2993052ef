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

}  // namespace

std::string serialize_trust_file(const TrustPolicy& policy) {
  std::string out = "format = 1\n";
  out += line_of("release_keys", hexes(policy.release_keys));
  out += "release_threshold = " + std::to_string(policy.release_threshold) + "\n";
  out += line_of("pointer_keys", hexes(policy.pointer_keys));
  out += std::string("locked = ") + (policy.locked ? "true" : "false") + "\n";
  out += "time_floor = " + std::to_string(policy.time_floor.seconds) + "\n";
  out += line_of("mirrors", policy.mirrors);
  out += line_of("bootstrap", policy.bootstrap);
  out += line_of("append_allowed", policy.append_allowed);
  if (!policy.min_version.empty()) out += "\n[min_version]\n";
  for (const auto& [channel, version] : policy.min_version) {
    out += quoted(channel) + " = " + std::to_string(version) + "\n";
  }
  return out;
}

}  // namespace phase
