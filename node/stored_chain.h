// node/stored_chain.h
// A chain of root documents as a store keeps it (docs/STORE.md): what trust begins with, and every
// document that followed. In memory each step has been checked; on disk nothing is believed.
//
//   STORE/trust/<folder>/base           a public key in hex digits, or a whole root document
//   STORE/trust/<folder>/<n>.root.dsse  the document of version n after it
//
// Files are only ever added, the oldest first, each by a rename: a crash leaves a shorter chain.
#pragma once

#include <string>
#include <vector>

#include "node/files.h"
#include "proto/root.h"
#include "proto/root_chain.h"

namespace phase::node {

/// What trust begins with: a key that was never written down as a root, or a root document.
struct TrustBase {
  Root root;
  Bytes document;  ///< Its envelope; empty: it was never written (a key, or the keys of a trust file).
  [[nodiscard]] bool is_single_key() const { return root == virtual_root(root.root.keys.front()); }
  bool operator==(const TrustBase& other) const { return root == other.root; }
};

[[nodiscard]] TrustBase key_base(const PublicKey& key);
/// A public key in either form, or the bytes of a root document. kMalformed. Who signed the document
/// is not asked: it is named by a person, not by the network.
[[nodiscard]] Result<TrustBase> decode_base(ByteView content);

struct StoredChain {
  std::string folder;            ///< Its name below STORE/trust.
  TrustBase base;
  std::vector<Root> roots;       ///< base.root, then each that followed it.
  std::vector<Bytes> documents;  ///< Those of roots[1] and on.

  [[nodiscard]] const Root& current() const { return roots.back(); }
  [[nodiscard]] bool holds(const Root& root) const;
  /// Every key that any root of it names: for anything.
  [[nodiscard]] bool names(const PublicKey& key) const;
  /// Pointer keys of (channel, arch) in any root of it, each once.
  [[nodiscard]] std::vector<PublicKey> pointer_keys_ever(const std::string& channel,
                                                         const std::string& arch) const;
  /// The files of a release: its own root documents, by name in the release and content.
  [[nodiscard]] std::vector<std::pair<std::string, Bytes>> release_files() const;
};

/// "trust/<n>.root.dsse", as it lies in a release.
[[nodiscard]] std::string root_file_in_release(std::uint64_t version);
/// The root documents beside a manifest, in any order and unchecked: for follow_roots(). At most
/// kMaxRootSteps files are read.
[[nodiscard]] std::vector<Bytes> root_files_beside(const Files& files, const std::string& folder);

/// As far as `untrusted` leads from `base` by the chain rule.
[[nodiscard]] StoredChain follow_chain(TrustBase base, const std::vector<Bytes>& untrusted);

/// What lies in STORE/trust/<folder>. kMalformed where there is no base that can be read.
[[nodiscard]] Result<StoredChain> read_chain(const Files& files, const std::string& trust_folder,
                                             const std::string& folder);
/// Writes what is not there yet. The caller holds the store's lock.
[[nodiscard]] Result<void> write_chain(Files& files, const std::string& trust_folder,
                                       const StoredChain& chain);
/// The folder of a chain that begins with `base`: Root::name(), and the version behind it where the
/// base was written down.
[[nodiscard]] std::string chain_folder(const TrustBase& base);

}  // namespace phase::node
