// The chains of root documents in a store, and what they make of the pointer keys: one publisher.
#include <algorithm>

#include "node/store.h"
#include "proto/envelope.h"

namespace phase::node {
namespace {

template <class List, class Value>
bool contains(const List& list, const Value& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

bool signed_by_role(const StoredRelease& release, const Root& root) {
  const RoleKeys* role = root.release_role(release.channel, release.arch);
  const auto view = decode_envelope(release.envelope);
  if (role == nullptr || !view || view->payload_type != kManifestType) return false;
  return check_signers(pre_authentication_encoding(kManifestType, view->payload), view->signatures,
                       *role)
      .ok();
}

void Store::scan_chains() {
  chains_.clear();
  const std::string root = path_ + "/trust";
  const auto names = files_.list(root);
  // A store that was made before there were chains has no such folder.
  if (!names && names.error().code == ErrorCode::kNotFound) return;
  if (!names && !files_.info(root)) return;
  if (!names) return leave_out(root, names.error());
  for (const std::string& name : *names) {
    auto chain = read_chain(files_, root, name);
    if (!chain) {
      leave_out(root + "/" + name, chain.error());
      continue;
    }
    chains_.push_back(std::move(*chain));
  }
}

const StoredChain* Store::chain_from(const Root& root) const {
  const StoredChain* best = nullptr;
  for (const StoredChain& chain : chains_) {
    if (!chain.holds(root)) continue;
    if (best == nullptr || chain.current().version > best->current().version) best = &chain;
  }
  return best;
}

const StoredChain* Store::chain_of(const PublicKey& key, const std::string& channel,
                                   const std::string& arch) const {
  const StoredChain* best = nullptr;
  for (const StoredChain& chain : chains_) {
    if (!contains(chain.pointer_keys_ever(channel, arch), key)) continue;
    if (best == nullptr || chain.current().version > best->current().version) best = &chain;
  }
  return best;
}

std::vector<PublicKey> Store::family(const PublicKey& key, const std::string& channel,
                                     const std::string& arch) const {
  const StoredChain* chain = chain_of(key, channel, arch);
  return chain == nullptr ? std::vector<PublicKey>{key} : chain->pointer_keys_ever(channel, arch);
}

const StoredRelease* Store::newest(const Root& root, const std::string& channel,
                                   const std::string& arch) const {
  const StoredChain* chain = chain_from(root);
  const Root& current = chain == nullptr ? root : chain->current();
  const auto keys = chain == nullptr ? root.pointer_keys(channel, arch)
                                     : chain->pointer_keys_ever(channel, arch);
  const auto now = current.pointer_keys(channel, arch);
  const StoredRelease* best = nullptr;
  for (const StoredRelease& release : releases_) {
    if (!release.current || release.channel != channel || release.arch != arch) continue;
    if (!contains(keys, release.publisher) || !signed_by_role(release, current)) continue;
    const auto version = release.manifest.release_version;
    const bool better = best == nullptr || version > best->manifest.release_version ||
                        (version == best->manifest.release_version &&
                         contains(now, release.publisher));
    if (better) best = &release;
  }
  return best;
}

void Store::settle_keys() {
  std::vector<StoredRelease*> superseded;
  for (StoredRelease& release : releases_) {
    if (!release.current) continue;
    const StoredChain* chain = chain_of(release.publisher, release.channel, release.arch);
    if (chain == nullptr) continue;
    const auto* best = newest(chain->current(), release.channel, release.arch);
    if (best != nullptr && best != &release &&
        (best->manifest.release_version >= release.manifest.release_version ||
         !signed_by_role(release, chain->current())))
      superseded.push_back(&release);
  }
  for (StoredRelease* release : superseded) release->current = false;
}

Result<void> Store::drop_superseded() {
  scan();
  for (const StoredRelease& release : releases_) {
    const StoredChain* chain = chain_of(release.publisher, release.channel, release.arch);
    if (release.current || chain == nullptr) continue;
    const auto* best = newest(chain->current(), release.channel, release.arch);
    if (best == nullptr || best->publisher == release.publisher) continue;
    // Until the new key has a previous release of its own, this is the one before; what was signed
    // by a revoked key goes at once.
    const std::string now = pointer_folder(best->publisher, best->channel) + "/" + best->arch;
    const bool is_before = !files_.info(now + ".previous.items").ok();
    if (is_before && signed_by_role(release, chain->current())) continue;
    const std::string folder = pointer_folder(release.publisher, release.channel);
    for (const char* suffix : {".items", ".previous.items"}) {
      if (auto done = files_.remove_tree(folder + "/" + release.arch + suffix); !done) return done;
    }
    if (auto done = files_.sync_folder(folder); !done) return done;
  }
  return {};
}

Result<void> Store::add_roots(const TrustBase& base, const std::vector<Bytes>& untrusted,
                              bool wait) {
  const auto held = lock(wait);
  if (!held) return held.error();
  scan();
  const StoredChain* known = chain_from(base.root);
  const TrustBase& begin = known != nullptr ? known->base : base;
  std::vector<Bytes> documents = known != nullptr ? known->documents : std::vector<Bytes>();
  documents.insert(documents.end(), untrusted.begin(), untrusted.end());
  const StoredChain chain = follow_chain(begin, documents);
  const bool nothing_new = known != nullptr ? chain.roots.size() == known->roots.size()
                                            : base.is_single_key() && chain.documents.empty();
  if (nothing_new) return {};
  if (known == nullptr) {
    const std::string trust = path_ + "/trust";
    const auto other = read_chain(files_, trust, chain.folder);
    if (other && !(other->base == begin))
      return {ErrorCode::kExists, trust + "/" + chain.folder +
                                      " holds a chain that begins with another root"};
  }
  if (auto done = write_chain(files_, path_ + "/trust", chain); !done) return done;
  scan();
  return {};
}

}  // namespace phase::node
