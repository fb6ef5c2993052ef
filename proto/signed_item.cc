// The BEP 44 half of pointer.h: items as they are signed, stored and relayed.
#include <set>
#include <utility>

#include "proto/bencode.h"
#include "proto/pointer.h"

namespace phase {
namespace {

using bencode::Value;
using Kind = bencode::Value::Kind;

constexpr std::size_t kMaxItemsBytes = std::size_t{8} * 1024;

Error malformed(const std::string& detail) {
  return {ErrorCode::kMalformed, "signed item: " + detail};
}

Result<SignedItem> decode_item(const Value& dict) {
  if (dict.kind != Kind::kDict || dict.dict.size() != 5)
    return malformed("not k, salt, seq, sig, v");
  const Value* key = dict.find("k", Kind::kString);
  const Value* salt = dict.find("salt", Kind::kString);
  const Value* seq = dict.find("seq", Kind::kInteger);
  const Value* signature = dict.find("sig", Kind::kString);
  const Value* value = dict.find("v", Kind::kString);
  if (key == nullptr || salt == nullptr || seq == nullptr || signature == nullptr ||
      value == nullptr) {
    return malformed("not k, salt, seq, sig, v");
  }
  const auto key_bytes = exactly<32>(key->string);
  const auto signature_bytes = exactly<64>(signature->string);
  if (!key_bytes || !signature_bytes) return malformed("a key or signature of another size");
  return SignedItem{PublicKey{*key_bytes}, std::string(as_text(salt->string)), seq->integer,
                    Bytes(value->string.begin(), value->string.end()), *signature_bytes};
}

}  // namespace

Sha1 SignedItem::target() const {
  Bytes both(key.bytes.begin(), key.bytes.end());
  both.insert(both.end(), salt.begin(), salt.end());
  return sha1(both);
}

Bytes signing_buffer(std::string_view salt, std::int64_t seq, ByteView value) {
  Bytes out;
  if (!salt.empty()) {
    bencode::put_raw(out, "4:salt");
    bencode::put_string(out, as_bytes(salt));
  }
  bencode::put_raw(out, "3:seq");
  bencode::put_integer(out, seq);
  bencode::put_raw(out, "1:v");
  out.insert(out.end(), value.begin(), value.end());
  return out;
}

SignedItem sign_item(const SecretKey& key, std::string salt, std::int64_t seq, Bytes value) {
  check(salt.size() <= kMaxSaltBytes && !value.empty() && value.size() <= kMaxPointerBytes &&
            seq >= 0,
        "an item of ours is within BEP 44's limits");
  SignedItem item{key.public_key(), std::move(salt), seq, std::move(value), {}};
  item.signature = key.sign(signing_buffer(item.salt, item.seq, item.value));
  return item;
}

Result<void> verify_item(const SignedItem& untrusted) {
  if (untrusted.salt.size() > kMaxSaltBytes) return malformed("salt over 64 bytes");
  if (untrusted.value.empty() || untrusted.value.size() > kMaxPointerBytes) {
    return malformed("value empty or over 1000 bytes");
  }
  if (untrusted.seq < 0) return malformed("negative sequence number");
  const Bytes message = signing_buffer(untrusted.salt, untrusted.seq, untrusted.value);
  if (!untrusted.key.verify(message, untrusted.signature)) {
    return {ErrorCode::kBadSignature, "signed item: the signature of key " + untrusted.key.id() +
                                          " does not match the bytes"};
  }
  return {};
}

Bytes encode_items(const std::vector<SignedItem>& items) {
  Bytes out;
  bencode::put_raw(out, "l");
  for (const SignedItem& item : items) {
    bencode::put_raw(out, "d1:k");
    bencode::put_string(out, item.key.bytes);
    bencode::put_raw(out, "4:salt");
    bencode::put_string(out, as_bytes(item.salt));
    bencode::put_raw(out, "3:seq");
    bencode::put_integer(out, item.seq);
    bencode::put_raw(out, "3:sig");
    bencode::put_string(out, item.signature);
    bencode::put_raw(out, "1:v");
    bencode::put_string(out, item.value);
    bencode::put_raw(out, "e");
  }
  bencode::put_raw(out, "e");
  check(out.size() <= kMaxItemsBytes, "the items of one pointer are within 8 KiB");
  return out;
}

Result<std::vector<SignedItem>> decode_items(ByteView untrusted, const PublicKey& key) {
  const auto list = bencode::decode(untrusted, {.bytes = kMaxItemsBytes, .values = 64, .depth = 3});
  if (!list) return list.error().in("signed items");
  if (list->kind != Kind::kList || list->list.empty() ||
      list->list.size() > static_cast<std::size_t>(kPointerSalts)) {
    return malformed("not a list of one to three items");
  }
  std::vector<SignedItem> items;
  std::set<std::string> salts;
  for (const Value& dict : list->list) {
    Result<SignedItem> item = decode_item(dict);
    if (!item) return item.error();
    if (item->key != key) {
      return {ErrorCode::kWrongKey,
              "signed item: is of key " + item->key.id() + ", expected " + key.id()};
    }
    if (auto verified = verify_item(*item); !verified) return verified.error();
    if (!salts.insert(item->salt).second) return malformed("one salt twice");
    items.push_back(*std::move(item));
  }
  return items;
}

}  // namespace phase
