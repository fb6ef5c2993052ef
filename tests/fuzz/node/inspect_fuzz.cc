// `plasmd inspect` on anybody's file: whatever it is, what is printed is one JSON document of
// printable ASCII, and nothing is called valid that no trusted key signed.
#include "node/inspect.h"

#include <nlohmann/json.hpp>

#include "proto/pointer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/proto/samples.h"

namespace phase::fuzz {
namespace {

Bytes signed_by(std::uint8_t number) {
  const SecretKey secret = key(number);
  return sign_envelope(kManifestType, manifest_payload(), {&secret});
}

Bytes text(std::string_view chars) {
  return {chars.begin(), chars.end()};
}

}  // namespace

std::vector<Bytes> seeds() {
  std::vector<SignedItem> items;
  Pointer pointer;
  pointer.release_version = 7;
  for (int i = 0; i < kPointerSalts; ++i)
    items.push_back(sign_item(key(1), pointer_salt("stable", "x86_64", i), 1, encode_pointer(pointer)));
  return {signed_by(1), signed_by(2), encode_items(items), encode_pointer(pointer),
          text(key(1).public_key().minisign()), text(key(1).public_key().hex()),
          text(serialize_trust_file(trust_single_key(key(1).public_key())))};
}

void one(ByteView input) {
  static const TrustPolicy policy = trust_single_key(key(1).public_key());
  static const TrustPolicy stranger = trust_single_key(key(9).public_key());
  for (const TrustPolicy* trust : {static_cast<const TrustPolicy*>(nullptr), &policy, &stranger}) {
    const auto seen = node::inspect(input, trust);
    if (!seen) continue;
    check(!seen->kind.empty(), "a document of no kind");
    for (const char c : seen->json) check((c >= ' ' && c <= '~') || c == '\n', "not printable");
    const auto json = nlohmann::json::parse(seen->json, nullptr, false);
    check(json.is_object(), "what is printed is no JSON");
    // A pointer holds under the key that it names itself; that it is not the trusted one is said.
    const bool holds = seen->json.find("\"valid\"") != std::string::npos;
    check(trust != &stranger || !holds || seen->error.has_value(), "a stranger's key signed nothing");
  }
}

}  // namespace phase::fuzz
