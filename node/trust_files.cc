#include "node/trust_files.h"

#include <charconv>

#include "node/network_options.h"
#include "node/trust_document.h"
#include "proto/envelope.h"

namespace phase::node {
namespace {

constexpr std::size_t kMaxKeyFileBytes = 4096;
constexpr std::size_t kMaxTrustFileBytes = std::size_t{64} * 1024;  // docs/TRUST-FILE.md

}  // namespace

Result<PublicKey> read_key(const std::string& key_or_file) {
  if (auto key = parse_public_key(key_or_file)) return key;
  const auto text = real_files().read_file(key_or_file, kMaxKeyFileBytes);
  if (text) {
    if (auto key = parse_public_key(as_text(*text))) return key;
  }
  return {ErrorCode::kUsage,
          "'" + key_or_file + "' is neither a public key nor a file that holds one"};
}

Result<std::vector<PublicKey>> read_keys(const std::vector<std::string>& keys_or_files) {
  std::vector<PublicKey> keys;
  for (const std::string& one : keys_or_files) {
    auto key = read_key(one);
    if (!key) return key.error();
    keys.push_back(*key);
  }
  return keys;
}

Result<Grant> read_grant(std::string_view text) {
  const auto bad = [&](const std::string& why) {
    return Error{ErrorCode::kUsage, "grant '" + std::string(text.substr(0, 400)) + "': " + why};
  };
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return bad("expected SCOPE=N:KEY,KEY");
  const auto scope = parse_scope(text.substr(0, equals));
  if (!scope) return bad(scope.error().detail);
  Grant grant{.channels = scope->channels, .archs = scope->archs, .signers = {}};
  std::string_view rest = text.substr(equals + 1);
  const auto colon = rest.find(':');
  bool threshold_said = false;
  if (colon != std::string_view::npos) {
    const auto* end = rest.data() + colon;
    const auto parsed = std::from_chars(rest.data(), end, grant.signers.threshold);
    if (parsed.ec != std::errc() || parsed.ptr != end) return bad("expected a number before ':'");
    threshold_said = true;
    rest.remove_prefix(colon + 1);
  }
  while (true) {
    const auto comma = rest.find(',');
    auto key = read_key(std::string(rest.substr(0, comma)));
    if (!key) return bad(key.error().detail);
    grant.signers.keys.push_back(*key);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (!threshold_said && grant.signers.keys.size() > 1) {
    return bad("say how many of the keys must sign: SCOPE=N:KEY,KEY");
  }
  return grant;
}

Result<TrustBase> read_base(const std::string& key_or_file) {
  auto policy = load_trust(key_or_file);
  if (!policy) return policy.error();
  return TrustBase{.root = std::move(policy->root), .document = std::move(policy->root_document)};
}

std::optional<TrustPolicy> read_trust_file(const std::string& path) {
  const auto text = real_files().read_file(path, kMaxTrustFileBytes);
  if (!text) return std::nullopt;
  auto policy = parse_trust_file(as_text(*text));
  return policy ? std::optional(std::move(*policy)) : std::nullopt;
}

Result<TravellingDocument> read_document(const std::string& path) {
  auto bytes = real_files().read_file(path, kMaxEnvelopeBytes);
  if (!bytes) return bytes.error();
  TravellingDocument out{.path = path, .bytes = std::move(*bytes), .root = {}, .manifest = {}};
  auto view = decode_envelope(out.bytes);
  if (!view) return view.error().in(path);
  if (view->payload_type == kRootType) {
    auto root = decode_signed_root(out.bytes);
    if (!root) return root.error().in(path);
    out.root = std::move(*root);
    return out;
  }
  if (view->payload_type != kManifestType)
    return Error{ErrorCode::kMalformed, path + ": is neither a root document nor a manifest"};
  auto manifest = decode_manifest(view->payload);
  if (!manifest) return manifest.error().in(path);
  out.manifest = Signed<Manifest>{
      .document = std::move(*manifest),
      .message = pre_authentication_encoding(kManifestType, view->payload),
      .signatures = std::move(view->signatures)};
  return out;
}

Result<void> write_new_document(const std::string& path, ByteView bytes) {
  if (real_files().info(path))
    return {ErrorCode::kExists, path + " is there already; give another --out, or move it away"};
  return replace_file(real_files(), path, bytes);
}

}  // namespace phase::node
