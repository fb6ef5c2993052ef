// A trust file comes with the image; a broken one must end in an error, never in a wider policy.
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/proto/root_samples.h"

namespace phase::fuzz {
namespace {

Bytes bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

}  // namespace

std::vector<Bytes> seeds() {
  TrustPolicy policy = trust_single_key(key(1).public_key());
  const Bytes least = bytes(serialize_trust_file(policy));
  policy.root.root = {.keys = {key(1).public_key(), key(2).public_key()}, .threshold = 2};
  policy.root.release.front().signers = policy.root.root;
  policy.locked = true;
  policy.time_floor = WallTime{1767225600};
  policy.min_version = {{"stable", 12}, {"1.2", 3}};
  policy.mirrors = {"http://boot.example:8080"};
  policy.bootstrap = {"router.example:6881", "[::1]:6881"};
  policy.command_line.clear();
  for (const auto& [name, type] :
       {std::pair{"quiet", "flag"}, std::pair{"audit", "bool"}, std::pair{"loglevel", "0..8"},
        std::pair{"hostname", "a|b"}, std::pair{"systemd.unit", "word"}}) {
    policy.command_line.push_back(*parse_option_rule(name, type));
  }
  return {least, bytes(serialize_trust_file(policy)),
          bytes("release_keys = ['" + key(1).public_key().minisign() + "']\n"),
          bytes("root = '" + to_base64(sample_document(3)) + "'\n")};
}

void one(ByteView input) {
  const auto policy = parse_trust_file(as_text(input));
  if (!policy) {
    check(policy.error().code == ErrorCode::kConfig, "a trust file fails as a configuration");
    check(!policy.error().detail.empty(), "an error says what is wrong");
    return;
  }
  check(!broken_root_rule(policy->root), "a policy that accepts anything, or nothing");
  for (const OptionRule& rule : policy->command_line) {
    check(!never_passes(rule.name), "a trust file lets pass what never passes");
  }
  const std::string text = serialize_trust_file(*policy);
  const auto again = parse_trust_file(text);
  check(again.ok() && serialize_trust_file(*again) == text, "what we write is not what we read");
  check(again->root == policy->root && again->root_document == policy->root_document &&
            again->locked == policy->locked && again->time_floor == policy->time_floor &&
            again->min_version == policy->min_version && again->mirrors == policy->mirrors &&
            again->bootstrap == policy->bootstrap &&
            again->command_line == policy->command_line,
        "a round trip changes the policy");
}

}  // namespace phase::fuzz
