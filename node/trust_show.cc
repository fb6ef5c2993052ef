#include "node/trust_show.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "node/trust_document.h"
#include "proto/trust_engine.h"
#include "proto/utc.h"

namespace phase::node {
namespace {

using Json = nlohmann::ordered_json;

Json role_json(const RoleKeys& role) {
  Json json{{"threshold", role.threshold}, {"keys", Json::array()}};
  for (const PublicKey& key : role.keys)
    json["keys"].push_back({{"id", key.id()}, {"key", key.hex()}, {"minisign", key.minisign()}});
  return json;
}

Json grants_json(const std::vector<Grant>& grants) {
  Json json = Json::array();
  for (const Grant& grant : grants) {
    Json one = role_json(grant.signers);
    one["scope"] = scope_text(grant);
    json.push_back(std::move(one));
  }
  return json;
}

Json to_json(const Root& root) {
  Json json{{"version", root.version},     {"created", root.created.seconds},
            {"expires", root.expires.seconds}, {"counter", root.counter},
            {"name", root.name()},         {"root", role_json(root.root)},
            {"release", grants_json(root.release)}, {"pointer", grants_json(root.pointer)},
            {"min_versions", Json::array()}};
  for (const VersionFloor& floor : root.floors)
    json["min_versions"].push_back(
        {{"channel", floor.channel}, {"arch", floor.arch}, {"version", floor.release_version}});
  return json;
}

Json to_json(const TrustPolicy& policy) {
  Json rules = Json::object();
  for (const OptionRule& rule : policy.command_line) rules[rule.name] = type_of(rule);
  return {{"locked", policy.locked},
          {"min_version", policy.min_version},
          {"time_floor", policy.time_floor.seconds},
          {"mirrors", policy.mirrors},
          {"bootstrap", policy.bootstrap},
          {"command_line", rules}};
}

std::vector<std::string> describe_trust_file(const TrustPolicy& policy) {
  std::vector<std::string> lines{
      policy.locked ? "locked        yes: no phase.key= takes its place" : "locked        no"};
  for (const auto& [channel, version] : policy.min_version)
    lines.push_back("min version   " + channel + "  " + std::to_string(version));
  if (policy.time_floor.seconds != 0)
    lines.push_back("time floor    " + utc_text(policy.time_floor));
  for (const std::string& mirror : policy.mirrors) lines.push_back("mirror        " + mirror);
  for (const std::string& node : policy.bootstrap) lines.push_back("bootstrap     " + node);
  for (const OptionRule& rule : policy.command_line)
    lines.push_back("command line  " + rule.name + "  " + type_of(rule));
  if (policy.command_line.empty()) lines.push_back("command line  nothing passes unsigned");
  return lines;
}

/// What is behind the name of one that is no document.
const char* kind_of(const ShownRoot& shown) {
  if (shown.trust_file) return "  (trust file)";
  return shown.written ? "" : "  (a single key: root, release and pointer)";
}

void add_signatures(ShownRoot& shown, const Signed<Root>& document, const Root* before) {
  const auto valid = [&](const SignatureEntry& entry) {
    for (const Root* root : {before, &document.document}) {
      if (root == nullptr) continue;
      for (const PublicKey& key : root->root.keys)
        if (key.id() == entry.key_id && key.verify(document.message, entry.signature)) return true;
    }
    return false;
  };
  for (const SignatureEntry& entry : document.signatures)
    shown.signatures.push_back({entry.key_id, valid(entry)});
}

std::optional<Error> step_error(const Signed<Root>& document, const Root* before) {
  if (before == nullptr) {
    const auto own = check_signers(document.message, document.signatures, document.document.root);
    return own ? std::nullopt : std::optional(own.error().in("by its own keys"));
  }
  auto engine = TrustEngine::begin(*before, WallTime{});
  if (!engine) return engine.error();
  const auto step = engine->advance(document);
  return step ? std::nullopt : std::optional(step.error());
}

}  // namespace

std::vector<ShownRoot> examine_roots(const std::vector<NamedBase>& bases) {
  std::vector<ShownRoot> all;
  all.reserve(bases.size());
  for (const auto& [name, base, trust_file] : bases) {
    ShownRoot shown{.name = name, .root = base.root, .written = !base.document.empty(),
                    .signatures = {}, .error = std::nullopt, .trust_file = trust_file};
    const Root* before = all.empty() ? nullptr : &all.back().root;
    if (shown.written) {
      const auto document = decode_signed_root(base.document);
      if (document) {
        add_signatures(shown, *document, before);
        shown.error = step_error(*document, before);
      } else {
        shown.error = document.error();
      }
    }
    all.push_back(std::move(shown));
  }
  return all;
}

std::string roots_text(const std::vector<ShownRoot>& roots) {
  std::string text;
  for (const ShownRoot& shown : roots) {
    if (!text.empty()) text += "\n";
    text += shown.name + kind_of(shown) + "\n";
    for (const std::string& line : describe_root(shown.root)) text += "  " + line + "\n";
    if (shown.trust_file)
      for (const std::string& line : describe_trust_file(*shown.trust_file)) text += "  " + line + "\n";
    for (const auto& entry : shown.signatures)
      text += "  signed by     " + entry.key_id + (entry.valid ? "  valid" : "  does not count") + "\n";
    if (shown.written)
      text += shown.error ? "  NOT VALID     " + shown.error->detail + "\n"
              : &shown == &roots.front()
                  ? "  valid         signed as its own root role asks\n"
                  : "  valid         a correct step from the one before\n";
  }
  return text;
}

std::string roots_json(const std::vector<ShownRoot>& roots) {
  Json list = Json::array();
  for (const ShownRoot& shown : roots) {
    Json one = to_json(shown.root);
    one["from"] = shown.name;
    one["written"] = shown.written;
    one["signatures"] = Json::array();
    for (const auto& entry : shown.signatures)
      one["signatures"].push_back({{"key_id", entry.key_id}, {"valid", entry.valid}});
    if (shown.trust_file) one["trust_file"] = to_json(*shown.trust_file);
    one["valid"] = !shown.error;
    if (shown.error)
      one["error"] = {{"name", error_name(shown.error->code)}, {"detail", shown.error->detail}};
    list.push_back(std::move(one));
  }
  return Json{{"roots", list}}.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string root_json(const Root& root) { return to_json(root).dump(); }

std::string trust_file_json(const TrustPolicy& policy) { return to_json(policy).dump(); }

}  // namespace phase::node
