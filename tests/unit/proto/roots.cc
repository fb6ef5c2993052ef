#include "tests/unit/proto/roots.h"

namespace phase::test {
namespace {

std::vector<SecretKey> keys_of(const KeyNumbers& numbers) {
  std::vector<SecretKey> keys;
  for (const std::uint8_t number : numbers) keys.push_back(key(number));
  return keys;
}

}  // namespace

RoleKeys role(const KeyNumbers& numbers, std::int64_t threshold) {
  RoleKeys out{.keys = {}, .threshold = threshold};
  for (const std::uint8_t number : numbers) out.keys.push_back(key(number).public_key());
  return out;
}

Grant grant(const KeyNumbers& numbers, std::int64_t threshold) {
  return {.channels = {}, .archs = {}, .signers = role(numbers, threshold)};
}

Root company_root() {
  Root root;
  root.created = WallTime{kCreated};
  root.expires = WallTime{kExpires};
  root.root = role({1, 2, 3}, 2);
  root.release = {grant({11, 12, 13}, 2)};
  root.pointer = {grant({21})};
  return root;
}

Root next_of(Root root) {
  ++root.version;
  return root;
}

Bytes message_of(const Root& root) {
  const auto payload = encode_root(root);
  if (payload) return pre_authentication_encoding(kRootType, *payload);
  return pattern(100);
}

std::vector<SignatureEntry> signatures_of(ByteView message, const KeyNumbers& signers) {
  std::vector<SignatureEntry> out;
  for (const SecretKey& one : keys_of(signers)) {
    out.push_back({one.public_key().id(), one.sign(message)});
  }
  return out;
}

Signed<Root> signed_by(const Root& root, const KeyNumbers& signers) {
  Bytes message = message_of(root);
  auto signatures = signatures_of(message, signers);
  return {.document = root, .message = std::move(message), .signatures = std::move(signatures)};
}

Signed<Manifest> signed_by(const Manifest& manifest, const KeyNumbers& signers) {
  const auto payload = encode_manifest(manifest);
  Bytes message = payload ? pre_authentication_encoding(kManifestType, *payload) : pattern(100);
  auto signatures = signatures_of(message, signers);
  return {.document = manifest, .message = std::move(message), .signatures = std::move(signatures)};
}

Bytes signed_root(const Root& root, const KeyNumbers& signers) {
  const auto keys = keys_of(signers);
  std::vector<const SecretKey*> pointers;
  for (const SecretKey& one : keys) pointers.push_back(&one);
  return sign_envelope(kRootType, *encode_root(root), pointers);
}

}  // namespace phase::test
