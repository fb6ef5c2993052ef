// A trust file comes with the image; a broken one must end in an error, never in a wider policy.
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/proto/samples.h"

namespace phase::fuzz {
namespace {

Bytes bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

}  // namespace

std::vector<Bytes> seeds() {
  TrustPolicy policy = trust_single_key(key(1).public_key());
  const Bytes least = bytes(serialize_trust_file(policy));
  policy.release_keys.push_back(key(2).public_key());
  policy.release_threshold = 2;
  policy.locked = true;
  policy.time_floor = WallTime{1767225600};
  policy.min_version = {{"stable", 12}, {"1.2", 3}};
  policy.mirrors = {"http://boot.example:8080"};
  policy.bootstrap = {"router.example:6881", "[::1]:6881"};
  policy.append_allowed = {"console", "systemd.unit"};
  return {least, bytes(serialize_trust_file(policy)),
          bytes("release_keys = ['" + key(1).public_key().minisign() + "']\n")};
}

void one(ByteView input) {
  const auto policy = parse_trust_file(as_text(input));
  if (!policy) {
    check(policy.error().code == ErrorCode::kConfig, "a trust file fails as a configuration");
    check(!policy.error().detail.empty(), "an error says what is wrong");
    return;
  }
  check(!policy->release_keys.empty() && policy->release_threshold >= 1 &&
            policy->release_threshold <= policy->release_keys.size(),
        "a policy that accepts anything, or nothing");
  check(!policy->pointer_keys.empty() && policy->pointer_keys.size() <= 3, "pointer keys");
  const std::string text = serialize_trust_file(*policy);
  const auto again = parse_trust_file(text);
  check(again.ok() && serialize_trust_file(*again) == text, "what we write is not what we read");
  check(again->release_keys == policy->release_keys && again->locked == policy->locked &&
            again->min_version == policy->min_version && again->mirrors == policy->mirrors &&
            again->bootstrap == policy->bootstrap &&
            again->append_allowed == policy->append_allowed,
        "a round trip changes the policy");
}

}  // namespace phase::fuzz
