// boot/cache/source.h
// The folder of a release that is to be stored, and what is written beside its blobs. For
// boot/cache/*.cc only.
#pragma once

#include <string>

#include "boot/cache/contents.h"

namespace phase::boot::cachefs {

struct Source {
  Folder folder;
  Bytes manifest;     ///< manifest.dsse
  Document document;  ///< The same, decoded.
  Sha256 manifest_sha256{};
  Bytes torrent;
  Bytes pointer;      ///< As its file; empty: none.
  Bytes roots;        ///< The same.

  /// "stable/x86_64 7"
  [[nodiscard]] std::string label() const;
  /// Bytes of the files of releases/<name>.
  [[nodiscard]] std::uint64_t small_bytes() const;
  /// Bytes of all that is stored of it, a blob that two artifacts share counted once.
  [[nodiscard]] std::uint64_t whole_bytes() const;
  /// An artifact by its name, through no symbolic link.
  [[nodiscard]] Result<OpenFile> open(const std::string& name) const;
};

/// kMalformed, kUsage, or what reading says.
[[nodiscard]] Result<Source> read_source(const CacheEntry& entry);

}  // namespace phase::boot::cachefs
