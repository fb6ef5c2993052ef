#include "node/stored_chain.h"

#include <algorithm>
#include <utility>

#include "proto/envelope.h"

namespace phase::node {
namespace {

constexpr std::string_view kRootSuffix = ".root.dsse";
constexpr const char* kBaseFile = "base";

std::string root_file(std::uint64_t version) {
  return std::to_string(version) + std::string(kRootSuffix);
}

bool in_grants(const std::vector<Grant>& grants, const PublicKey& key) {
  return std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) {
    const auto& keys = grant.signers.keys;
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  });
}

/// As read_chain() takes it.
Result<Bytes> base_bytes(const TrustBase& base) {
  if (base.is_single_key()) {
    const std::string key = base.root.root.keys.front().hex() + "\n";
    return Bytes(key.begin(), key.end());
  }
  if (!base.document.empty()) return base.document;
  auto payload = encode_root(base.root);
  if (!payload) return payload.error();
  return sign_envelope(kRootType, *payload, {});
}

std::vector<Bytes> read_documents(const Files& files, const std::string& folder) {
  std::vector<Bytes> documents;
  const auto names = files.list(folder);
  if (!names) return documents;
  for (const std::string& name : *names) {
    if (!name.ends_with(kRootSuffix)) continue;
    if (documents.size() >= static_cast<std::size_t>(kMaxRootSteps) + 1) break;
    auto document = files.read_file(folder + "/" + name, kMaxRootBytes);
    if (document) documents.push_back(std::move(*document));
  }
  return documents;
}

}  // namespace

TrustBase key_base(const PublicKey& key) { return {.root = virtual_root(key), .document = {}}; }

Result<TrustBase> decode_base(ByteView content) {
  if (const auto key = parse_public_key(as_text(content))) return key_base(*key);
  auto root = decode_signed_root(content);
  if (!root) return root.error();
  return TrustBase{.root = std::move(root->document), .document = {content.begin(), content.end()}};
}

bool StoredChain::holds(const Root& root) const {
  return std::find(roots.begin(), roots.end(), root) != roots.end();
}

bool StoredChain::names(const PublicKey& key) const {
  return std::any_of(roots.begin(), roots.end(), [&](const Root& root) {
    const auto& keys = root.root.keys;
    return std::find(keys.begin(), keys.end(), key) != keys.end() ||
           in_grants(root.release, key) || in_grants(root.pointer, key);
  });
}

std::vector<PublicKey> StoredChain::pointer_keys_ever(const std::string& channel,
                                                      const std::string& arch) const {
  std::vector<PublicKey> all;
  for (const Root& root : roots) {
    for (const PublicKey& key : root.pointer_keys(channel, arch)) {
      if (std::find(all.begin(), all.end(), key) == all.end()) all.push_back(key);
    }
  }
  return all;
}

std::vector<std::pair<std::string, Bytes>> StoredChain::release_files() const {
  std::vector<std::pair<std::string, Bytes>> out;
  // What nobody signed is no root document to anybody else.
  const auto signed_base = decode_signed_root(base.document);
  if (signed_base && !signed_base->signatures.empty()) {
    out.emplace_back(root_file_in_release(base.root.version), base.document);
  }
  for (std::size_t i = 0; i < documents.size(); ++i) {
    out.emplace_back(root_file_in_release(roots[i + 1].version), documents[i]);
  }
  return out;
}

std::string root_file_in_release(std::uint64_t version) { return "trust/" + root_file(version); }

std::vector<Bytes> root_files_beside(const Files& files, const std::string& folder) {
  return read_documents(files, folder + "/trust");
}

StoredChain follow_chain(TrustBase base, const std::vector<Bytes>& untrusted) {
  StoredChain chain;
  chain.folder = chain_folder(base);
  chain.base = std::move(base);
  chain.roots.push_back(chain.base.root);
  chain.documents = follow_roots(chain.base.root, untrusted).accepted;
  for (const Bytes& document : chain.documents) {
    auto root = decode_signed_root(document);
    check(root.ok(), "what the chain rule accepts can be decoded");
    chain.roots.push_back(std::move(root->document));
  }
  return chain;
}

std::string chain_folder(const TrustBase& base) {
  const std::string name = base.root.name();
  return base.is_single_key() ? name : name + "-" + std::to_string(base.root.version);
}

Result<StoredChain> read_chain(const Files& files, const std::string& trust_folder,
                               const std::string& folder) {
  const std::string path = trust_folder + "/" + folder;
  const auto content = files.read_file(path + "/" + kBaseFile, kMaxRootBytes);
  if (!content) return content.error();
  auto base = decode_base(*content);
  if (!base) return base.error();
  auto chain = follow_chain(std::move(*base), read_documents(files, path));
  if (chain.folder != folder) {
    return Error{ErrorCode::kMalformed, "its base is of another chain, " + chain.folder};
  }
  return chain;
}

Result<void> write_chain(Files& files, const std::string& trust_folder, const StoredChain& chain) {
  const std::string path = trust_folder + "/" + chain.folder;
  if (auto made = make_folders(files, path); !made) return made;
  auto base = base_bytes(chain.base);
  if (!base) return base.error();
  const std::string base_path = path + "/" + kBaseFile;
  if (!files.info(base_path)) {
    if (auto done = replace_file(files, base_path, *base); !done) return done;
  }
  for (std::size_t i = 0; i < chain.documents.size(); ++i) {
    const std::string to = path + "/" + root_file(chain.roots[i + 1].version);
    const auto there = files.read_file(to, kMaxRootBytes);
    if (there && *there == chain.documents[i]) continue;
    if (auto done = replace_file(files, to, chain.documents[i]); !done) return done;
  }
  return {};
}

}  // namespace phase::node
