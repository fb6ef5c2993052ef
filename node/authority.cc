#include "node/authority.h"

#include <algorithm>

#include "node/trust_document.h"
#include "proto/utc.h"

namespace phase::node {
namespace {

template <class List, class Value>
bool contains(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool knows_a_key(const StoredChain& chain, const std::vector<const SecretKey*>& keys) {
  return std::any_of(keys.begin(), keys.end(),
                     [&](const SecretKey* key) { return chain.names(key->public_key()); });
}

/// Null: the keys stand alone.
Result<const StoredChain*> choose_chain(const Store& store, const AuthorityRequest& request) {
  if (request.trust) {
    const StoredChain* chain = store.chain_from(request.trust->root);
    if (chain == nullptr && !request.trust->is_single_key())
      return {ErrorCode::kNotFound,
              "the store does not hold the chain of --trust; put it there with `plasmd trust install`"};
    return chain;
  }
  const StoredChain* found = nullptr;
  for (const StoredChain& chain : store.chains()) {
    if (!request.keys.empty() && !knows_a_key(chain, request.keys)) continue;
    if (found != nullptr)
      return {ErrorCode::kUsage, "the store holds more than one chain of roots that could be meant; "
                                 "say which with --trust"};
    found = &chain;
  }
  return found;
}

Result<Authority> alone(const AuthorityRequest& request) {
  if (request.keys.empty())
    return {ErrorCode::kUsage, "a release is signed: give --secret-key FILE"};
  Authority out;
  out.release = request.keys;
  out.pointer = request.keys.front();
  out.publisher = out.pointer->public_key();
  out.root = virtual_root(out.publisher);
  out.release_role = out.root.root;
  return out;
}

}  // namespace

Result<Authority> find_authority(const Store& store, const AuthorityRequest& request) {
  const auto chosen = choose_chain(store, request);
  if (!chosen) return chosen.error();
  if (*chosen == nullptr) return alone(request);
  const StoredChain& chain = **chosen;
  const Root& root = chain.current();
  const auto where = "channel " + request.channel + " on " + request.arch;
  if (root.expires.seconds != 0 && request.now >= root.expires)
    return {ErrorCode::kExpired, "root version " + std::to_string(root.version) + " expired on " +
                                     utc_text(root.expires) +
                                     ": no machine would take a release under it; make the next "
                                     "one with `plasmd trust rotate`"};
  const RoleKeys* role = root.release_role(request.channel, request.arch);
  const auto pointer_keys = root.pointer_keys(request.channel, request.arch);
  if (role == nullptr || pointer_keys.empty())
    return {ErrorCode::kNotGranted, "root version " + std::to_string(root.version) +
                                        " lets nobody publish in " + where};
  Authority out;
  out.root = root;
  out.release_role = *role;
  out.publisher = pointer_keys.front();
  out.root_files = chain.release_files();
  for (const SecretKey* key : request.keys) {
    if (contains(role->keys, key->public_key())) out.release.push_back(key);
    if (out.pointer == nullptr && contains(pointer_keys, key->public_key())) out.pointer = key;
  }
  if (out.pointer != nullptr) out.publisher = out.pointer->public_key();
  return out;
}

Result<void> enough_signed(const Authority& authority, const std::vector<PublicKey>& signers) {
  const auto missing = what_is_missing(authority.release_role, signers);
  if (!missing) return {};
  return {ErrorCode::kMissingSignature, "the release role of root version " +
                                            std::to_string(authority.root.version) + ": " + *missing};
}

Result<void> pointer_at_hand(const Authority& authority) {
  if (authority.pointer != nullptr) return {};
  return {ErrorCode::kMissingSignature, "the pointer role of root version " +
                                            std::to_string(authority.root.version) +
                                            ": no --secret-key is of a pointer key, e.g. " +
                                            authority.publisher.id()};
}

std::vector<PublicKey> public_keys(const std::vector<const SecretKey*>& keys) {
  std::vector<PublicKey> out;
  for (const SecretKey* key : keys) {
    if (!contains(out, key->public_key())) out.push_back(key->public_key());
  }
  return out;
}

}  // namespace phase::node
