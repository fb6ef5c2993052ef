// Root documents from anybody, as payloads and as envelopes: within the rules or an error, and none
// that nobody signed ever follows a root that is trusted.
#include <algorithm>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/proto/root_samples.h"

namespace phase::fuzz {
namespace {

void check_role(const RoleKeys& role, std::size_t most) {
  check(!role.keys.empty() && role.keys.size() <= most && role.threshold >= 1 &&
            role.threshold <= static_cast<std::int64_t>(role.keys.size()),
        "a role that nobody or anybody can meet");
}

void as_payload(ByteView input) {
  const auto root = decode_root(input);
  if (!root) {
    check(root.error().code == ErrorCode::kMalformed, "a root fails as malformed");
    return;
  }
  const auto again = encode_root(*root);
  check(again && std::equal(again->begin(), again->end(), input.begin(), input.end()),
        "a decoded root has another encoding");
  check(!broken_root_rule(*root), "a decoded root breaks a rule");
  check_role(root->root, kMaxRoleKeys);
  for (const char* channel : {"stable", "beta", ""}) {
    for (const char* arch : {"x86_64", "aarch64"}) {
      if (const RoleKeys* role = root->release_role(channel, arch)) check_role(*role, kMaxRoleKeys);
      check(root->pointer_keys(channel, arch).size() <= kMaxPointerKeys, "too many pointer keys");
      (void)root->floor(channel, arch);
    }
  }
  check(next_root_path(*root).size() < 64, "a path that is no path");
  check(TrustEngine::begin(*root, WallTime{}).ok(), "a decoded root that cannot be trusted");
}

void as_envelope(ByteView input) {
  const auto decoded = decode_signed_root(input);
  const FollowedRoots followed = follow_roots(sample_root(1), {Bytes(input.begin(), input.end())});
  check(followed.root == sample_root(followed.accepted.empty() ? 1 : 2),
        "a root was accepted that was never signed");
  check(followed.accepted.empty() || decoded.ok(), "accepted, and not decoded");
}

}  // namespace

std::vector<Bytes> seeds() {
  Root full = sample_root(2);
  full.counter = 7;
  full.release.push_back({.channels = {"beta", "nightly"}, .archs = {"aarch64"},
                          .signers = {.keys = {key(5).public_key()}, .threshold = 1}});
  full.floors = {{.channel = "stable", .arch = "x86_64", .release_version = 9}};
  return {*encode_root(sample_root(1)), *encode_root(full), sample_document(2),
          *encode_root(virtual_root(key(9).public_key()))};
}

void one(ByteView input) {
  as_payload(input);
  as_envelope(input);
}

}  // namespace phase::fuzz
