// node/trust_document.h
// Makes root documents: the first one, the next one, one without a key that was lost or stolen.
// Decides only; nothing is signed here and no file is touched.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/root.h"
#include "proto/signers.h"

namespace phase::node {

/// "*", "stable", "stable/x86_64", "stable,lts/x86_64,aarch64": channels, then architectures. kUsage.
struct Scope {
  std::vector<std::string> channels, archs;
};
[[nodiscard]] Result<Scope> parse_scope(std::string_view text);
/// What parse_scope() takes.
[[nodiscard]] std::string scope_text(const Grant& grant);
/// "stable/x86_64=7": no release of it below 7; "*=7" of any. kUsage.
[[nodiscard]] Result<VersionFloor> parse_floor(std::string_view text);

struct RoleChange {
  std::vector<PublicKey> set;     ///< Takes the place of all keys, where it names any.
  std::vector<PublicKey> add, remove;
  std::optional<std::int64_t> threshold;
};

struct RootChanges {
  RoleChange root;
  RoleChange release, pointer;    ///< Of the grant for everything that no other grant names.
  /// Each takes the place of the grant with the same scope, else goes before the one for everything.
  std::vector<Grant> release_grants, pointer_grants;
  std::vector<std::string> drop_release, drop_pointer;  ///< scope_text() of grants that go.
  std::vector<VersionFloor> floors;                     ///< By channel and architecture.
  std::optional<std::uint64_t> counter;
  std::int64_t lifetime = 0;      ///< Seconds from now; 0: does not expire.
};

/// The document after `from`, not signed by anybody. A role that had no key needs a threshold where
/// it gets more than one. kUsage names the first rule that it would break, kNotFound a key or grant
/// that is to go and is not there.
[[nodiscard]] Result<Root> next_root(const Root& from, const RootChanges& changes, WallTime now);
/// Version 1 where nothing came before it.
[[nodiscard]] Result<Root> first_root(const RootChanges& changes, WallTime now);
/// The document after `from` in which no role has `key`; `instead` takes its place where it is
/// given. kUsage names the role that could not meet its threshold any more, kNotFound where no role
/// has the key.
[[nodiscard]] Result<Root> revoke_key(const Root& from, const PublicKey& key,
                                      const std::optional<PublicKey>& instead,
                                      std::int64_t lifetime, WallTime now);

/// Keys of `role` whose signature is among `signatures` and holds, whether they are enough or not.
[[nodiscard]] std::vector<PublicKey> signers_among(ByteView message,
                                                   const std::vector<SignatureEntry>& signatures,
                                                   const RoleKeys& role);
/// "2 of 3 signatures, 1 is there (ID); missing 1 more of: ID, ID"; empty where enough signed.
[[nodiscard]] std::optional<std::string> what_is_missing(const RoleKeys& role,
                                                         const std::vector<PublicKey>& signers);

/// One line for each thing that it says.
[[nodiscard]] std::vector<std::string> describe_root(const Root& root);
/// "- " and "+ " lines: what `to` says otherwise than `from`.
[[nodiscard]] std::vector<std::string> describe_change(const Root& from, const Root& to);

}  // namespace phase::node
