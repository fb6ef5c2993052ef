// node/metalink.h
// A release as a Metalink 4 document (RFC 5854): size, hashes and sources of every file, for
// programs that fetch over HTTP from several servers at once (aria2). Nobody signs it; whoever
// wants more than a correct download checks SHA256SUMS.minisig, which is one of the files.
// Pure but for the last piece of each large file, which is read.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "node/catalogue.h"
#include "node/store.h"

namespace phase::node {

inline constexpr const char* kMetalinkFile = "release.meta4";
inline constexpr const char* kMetalinkType = "application/metalink4+xml";
/// More sources than that make nobody faster.
inline constexpr std::size_t kMaxMetalinkServers = 16;

/// Where a release's files are to be had over HTTP beside this provider: the hints of its pointer
/// that name an HTTP port, then `others` (http:// URLs of providers and mirrors), each once. A file
/// is at <one of these>/<name>/<file>.
[[nodiscard]] std::vector<std::string> metalink_servers(const StoredRelease& release,
                                                        const std::vector<std::string>& others);

/// What `catalogue` serves of `release` below /release/<name>/. The first source of a file is this
/// provider, as a reference relative to where the document came from (RFC 3986, 5.1.3): no word of
/// a request gets into it, and a copy of it at another provider names that one.
[[nodiscard]] std::string metalink_of(const StoredRelease& release, const Catalogue& catalogue,
                                      const std::vector<std::string>& others);

/// Who else serves a release over HTTP, as the owner knows.
using OtherServers = std::function<std::vector<std::string>(const StoredRelease&)>;
/// /<channel>/<arch>/release.meta4 of each current release that has the short paths.
void add_metalinks(Catalogue& catalogue, const std::vector<StoredRelease>& releases,
                   const OtherServers& others);

}  // namespace phase::node
