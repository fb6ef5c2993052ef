#include "node/inspect.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "dht/torrent.h"
#include "node/release_parts.h"
#include "node/trust_show.h"
#include "proto/bencode.h"
#include "proto/envelope.h"
#include "proto/pointer.h"

namespace phase::node {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kIndent = 2;

/// A stranger's text never reaches a terminal as it is.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 200)) out += c >= ' ' && c <= '~' ? c : '?';
  return out;
}

std::string dump(const Json& json) {
  return json.dump(kIndent, ' ', true, Json::error_handler_t::replace) + "\n";
}

Json manifest_part(const EnvelopeView& view) {
  if (view.payload_type == kRootType) {
    const auto root = decode_root(view.payload);
    if (!root) return {{"problem", root.error().detail}};
    return Json::parse(root_json(*root), nullptr, false);
  }
  if (view.payload_type != kManifestType) return {{"problem", "an unknown kind of document"}};
  const auto manifest = decode_manifest(view.payload);
  if (!manifest) return {{"problem", manifest.error().detail}};
  return Json::parse(manifest_json(*manifest), nullptr, false);
}

/// Whose signatures count for what the envelope says it is.
RoleKeys role_for(const EnvelopeView& view, const TrustPolicy& policy) {
  if (view.payload_type == kRootType) return policy.root.root;
  const auto manifest = decode_manifest(view.payload);
  const RoleKeys* role =
      manifest ? policy.root.release_role(manifest->channel, manifest->arch) : nullptr;
  return role == nullptr ? RoleKeys{} : *role;
}

Inspected inspect_envelope(ByteView document, const EnvelopeView& view, const TrustPolicy* trust) {
  Inspected out{.kind = "envelope", .json = {}, .error = std::nullopt};
  Json json{{"kind", out.kind},
            {"payload_type", printable(view.payload_type)},
            {"sha256", to_hex(sha256(document))},
            {"signatures", Json::array()}};
  const auto message = pre_authentication_encoding(view.payload_type, view.payload);
  const RoleKeys role = trust != nullptr ? role_for(view, *trust) : RoleKeys{};
  for (const auto& entry : view.signatures) {
    const char* state = "not checked: give --trust";
    if (trust != nullptr) {
      state = "of a key that is not trusted";
      for (const auto& key : role.keys)
        if (key.id() == entry.key_id)
          state = key.verify(message, entry.signature) ? "valid" : "INVALID";
    }
    json["signatures"].push_back({{"key_id", printable(entry.key_id)}, {"state", state}});
  }
  if (trust != nullptr) {
    const auto good = verify_envelope(document, view.payload_type, role);
    json["valid"] = good.ok();
    if (!good) out.error = good.error();
  } else if (view.signatures.empty()) {
    out.error = Error{ErrorCode::kUnsigned, "the envelope holds no signature"};
  }
  json["document"] = manifest_part(view);
  out.json = dump(json);
  return out;
}

/// The key that the items name; each item names its own, and all must be the same.
std::optional<PublicKey> key_of_items(ByteView document) {
  using Kind = bencode::Value::Kind;
  const auto list = bencode::decode(document, {.bytes = kMaxItemsBytes, .values = 64, .depth = 3});
  if (!list || list->kind != Kind::kList || list->list.empty() ||
      list->list.front().kind != Kind::kDict)
    return std::nullopt;
  const auto* key = list->list.front().find("k", Kind::kString);
  const auto bytes = key != nullptr ? exactly<32>(key->string) : std::nullopt;
  if (!bytes) return std::nullopt;
  PublicKey out;
  out.bytes = *bytes;
  return out;
}

Json pointer_json(const Pointer& pointer) {
  Json providers = Json::array();
  for (const auto& hint : pointer.providers)
    providers.push_back({{"peer", hint.peer.text()}, {"http_port", hint.http_port}});
  return {{"infohash_v1", to_hex(pointer.infohash_v1)},
          {"infohash_v2", to_hex(pointer.infohash_v2)},
          {"manifest_sha256", to_hex(pointer.manifest_sha256)},
          {"version", pointer.release_version},
          {"expires", pointer.expires},
          {"providers", providers}};
}

Inspected inspect_items(ByteView document, const PublicKey& key, const TrustPolicy* trust) {
  Inspected out{.kind = "pointer", .json = {}, .error = std::nullopt};
  Json json{{"kind", out.kind}, {"key", key.hex()}, {"key_id", key.id()}};
  const auto items = decode_items(document, key);
  json["valid"] = items.ok();
  if (!items) {
    json["problem"] = items.error().detail;
    out.error = items.error();
  } else {
    json["items"] = Json::array();
    for (const auto& item : *items) {
      Json one{{"salt", printable(item.salt)}, {"seq", item.seq}, {"target", to_hex(item.target())}};
      const auto pointer = decode_pointer(item.value);
      if (pointer)
        one["pointer"] = pointer_json(*pointer);
      else
        one["problem"] = pointer.error().detail;
      if (!pointer && !out.error) out.error = pointer.error();
      json["items"].push_back(std::move(one));
    }
  }
  if (trust != nullptr) {
    const auto& grants = trust->root.pointer;
    const bool trusted = std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) {
      const auto& keys = grant.signers.keys;
      return std::find(keys.begin(), keys.end(), key) != keys.end();
    });
    json["trusted"] = trusted;
    if (!trusted && !out.error)
      out.error = Error{ErrorCode::kWrongKey, "the pointer is of key " + key.id() +
                                                  ", which is not trusted"};
  }
  out.json = dump(json);
  return out;
}

Inspected inspect_torrent(const dht::TorrentInfo& info) {
  Json files = Json::array();
  for (const auto& file : info.files)
    files.push_back({{"path", printable(file.path)},
                     {"bytes", file.size},
                     {"pieces_root", to_hex(file.pieces_root)}});
  return {.kind = "torrent",
          .json = dump({{"kind", "torrent"},
                        {"name", printable(info.name)},
                        {"infohash_v1", to_hex(info.infohashes.v1)},
                        {"infohash_v2", to_hex(info.infohashes.v2)},
                        {"piece_length", info.piece_length},
                        {"files", files},
                        {"signed", "by the pointer that names its infohashes, not by itself"}}),
          .error = std::nullopt};
}

Json key_json(const char* kind, const PublicKey& key) {
  return {{"kind", kind}, {"key", key.hex()}, {"minisign", key.minisign()}, {"key_id", key.id()}};
}

Inspected inspect_trust_file(const TrustPolicy& policy) {
  Json keys = Json::array();
  for (const auto& grant : policy.root.release)
    for (const auto& key : grant.signers.keys) keys.push_back(key.hex());
  Json pointers = Json::array();
  for (const auto& grant : policy.root.pointer)
    for (const auto& key : grant.signers.keys) pointers.push_back(key.hex());
  Json json{{"kind", "trust-file"},
            {"release_keys", keys},
            {"root_version", policy.root.version},
            {"pointer_keys", pointers}};
  json.update(Json::parse(trust_file_json(policy), nullptr, false));
  return {.kind = "trust-file", .json = dump(json), .error = std::nullopt};
}

}  // namespace

Result<Inspected> inspect(ByteView document, const TrustPolicy* trust) {
  const auto text = as_text(document);
  if (const auto key = parse_public_key(text))
    return Inspected{"public-key", dump(key_json("public-key", *key)), std::nullopt};
  if (const auto key = SecretKey::parse(text)) {
    auto json = key_json("secret-key", key->public_key());
    json["note"] = "this file signs releases; only its public key is shown";
    return Inspected{"secret-key", dump(json), std::nullopt};
  }
  if (const auto key = key_of_items(document)) return inspect_items(document, *key, trust);
  if (const auto info = dht::read_torrent(document)) return inspect_torrent(*info);
  if (const auto view = decode_envelope(document)) return inspect_envelope(document, *view, trust);
  const auto policy = parse_trust_file(text);
  if (policy) return inspect_trust_file(*policy);
  return {ErrorCode::kMalformed,
          "is no envelope, pointer, torrent, trust file or key of ours, or it is cut off or altered"};
}

}  // namespace phase::node
