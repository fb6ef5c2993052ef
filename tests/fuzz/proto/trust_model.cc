#include "tests/fuzz/proto/trust_model.h"

#include <algorithm>

#include "tests/fuzz/proto/samples.h"

namespace phase::fuzz {
namespace {

bool good(const RoleKeys& role, std::size_t most) {
  const std::set<PublicKey> distinct(role.keys.begin(), role.keys.end());
  const auto count = static_cast<std::int64_t>(distinct.size());
  return count >= 1 && distinct.size() == role.keys.size() && distinct.size() <= most &&
         role.threshold >= 1 && role.threshold <= count;
}

bool good(const Root& root) {
  if (root.version < 1 || root.version > INT64_MAX || root.counter > INT64_MAX) return false;
  if (root.created.seconds != 0 || root.expires.seconds < 0) return false;
  if (root.release.size() > 32 || root.pointer.size() > 32 || !good(root.root, 16)) return false;
  for (const Grant& grant : root.release) {
    if (!good(grant.signers, 16)) return false;
  }
  for (const Grant& grant : root.pointer) {
    if (!good(grant.signers, 3) || grant.signers.threshold != 1) return false;
  }
  return true;
}

bool enough(const std::set<PublicKey>& signers, const RoleKeys& role) {
  std::int64_t count = 0;
  for (const PublicKey& key : std::set<PublicKey>(role.keys.begin(), role.keys.end())) {
    count += signers.contains(key) ? 1 : 0;
  }
  return role.threshold >= 1 && count >= role.threshold;
}

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::count(names.begin(), names.end(), name) > 0;
}

void put(std::string& out, const std::string& text) { out += std::to_string(text.size()) + ":" + text; }
void put(std::string& out, std::int64_t number) { put(out, std::to_string(number)); }

void put(std::string& out, const std::vector<Grant>& grants) {
  put(out, static_cast<std::int64_t>(grants.size()));
  for (const Grant& grant : grants) {
    for (const auto* names : {&grant.channels, &grant.archs}) {
      put(out, static_cast<std::int64_t>(names->size()));
      for (const std::string& name : *names) put(out, name);
    }
    put(out, static_cast<std::int64_t>(grant.signers.keys.size()));
    for (const PublicKey& key : grant.signers.keys) put(out, key.hex());
    put(out, grant.signers.threshold);
  }
}

}  // namespace

Ledger::Ledger() {
  static const std::vector<SecretKey> keys = [] {
    std::vector<SecretKey> out;
    for (std::size_t i = 0; i < kKeys; ++i) out.push_back(fuzz::key(static_cast<std::uint8_t>(i + 1)));
    return out;
  }();
  for (const SecretKey& key : keys) {
    secret_.push_back(&key);
    public_.push_back(key.public_key());
  }
}

SignatureEntry Ledger::sign(std::size_t number, const Bytes& message) {
  const auto [at, fresh] = made_.try_emplace({number, message});
  if (fresh) at->second = secret_.at(number)->sign(message);
  return {public_.at(number).id(), at->second};
}

std::set<PublicKey> Ledger::signers(const Bytes& message,
                                    const std::vector<SignatureEntry>& signatures) const {
  std::set<PublicKey> out;
  for (std::size_t i = 0; i < kKeys; ++i) {
    const auto made = made_.find({i, message});
    if (made == made_.end()) continue;
    const bool is_there =
        std::any_of(signatures.begin(), signatures.end(), [&](const SignatureEntry& entry) {
          return entry.signature == made->second && entry.key_id == public_[i].id();
        });
    if (is_there) out.insert(public_[i]);
  }
  return out;
}

Bytes message_of(const Root& root) {
  std::string out = "root ";
  put(out, std::to_string(root.version));
  put(out, root.created.seconds);
  put(out, root.expires.seconds);
  put(out, std::to_string(root.counter));
  put(out, std::vector<Grant>{Grant{.channels = {}, .archs = {}, .signers = root.root}});
  put(out, root.release);
  put(out, root.pointer);
  for (const VersionFloor& floor : root.floors) {
    put(out, floor.channel);
    put(out, floor.arch);
    put(out, std::to_string(floor.release_version));
  }
  return {out.begin(), out.end()};
}

Bytes message_of(const Manifest& manifest) {
  // The rest is the same in all manifests here.
  std::string out = "manifest ";
  put(out, manifest.channel);
  put(out, manifest.arch);
  put(out, std::to_string(manifest.release_version));
  put(out, manifest.expires.seconds);
  return {out.begin(), out.end()};
}

bool Model::may_advance(const Signed<Root>& next, const Ledger& ledger) const {
  const auto signers = ledger.signers(next.message, next.signatures);
  return good(next.document) && next.document.version == root.version + 1 && steps < 256 &&
         next.document.counter >= root.counter && enough(signers, root.root) &&
         enough(signers, next.document.root);
}

bool Model::may_admit(const Signed<Manifest>& manifest, const Wanted& wanted,
                      const Ledger& ledger) const {
  const Manifest& release = manifest.document;
  if (release.channel != wanted.channel || release.arch != wanted.arch) return false;
  if (root.expires.seconds != 0 && root.expires <= now) return false;
  if (release.expires.seconds != 0 && release.expires <= now) return false;
  if (release.release_version < std::max<std::uint64_t>(wanted.min_version, 1)) return false;
  for (const VersionFloor& floor : root.floors) {
    const bool meant = (floor.channel.empty() || floor.channel == wanted.channel) &&
                       (floor.arch.empty() || floor.arch == wanted.arch);
    if (meant && release.release_version < floor.release_version) return false;
  }
  const auto signers = ledger.signers(manifest.message, manifest.signatures);
  for (const Grant& grant : root.release) {
    if (!holds(grant.channels, wanted.channel) || !holds(grant.archs, wanted.arch)) continue;
    return enough(signers, grant.signers);
  }
  return false;
}

}  // namespace phase::fuzz
