// initramfs/deb_package.h
// Streams a Debian package: an ar archive with control.tar.* and data.tar.* in it, by libarchive,
// whose types stay in the .cc. Nothing is written here; the visitor says what it wants to have.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::initramfs {

inline constexpr std::uint64_t kMaxControlBytes = 1 << 20;

struct DebEntry {
  std::string path;        ///< As the package says it: untrusted.
  bool regular = false;    ///< A file with content of its own.
  bool link = false;       ///< A symbolic or hard link.
  std::uint64_t size = 0;  ///< Claimed; the content may be shorter or longer.
};

struct DebVisitor {
  /// Called for every entry of data.tar; the content is read where it answers true.
  std::function<Result<bool>(const DebEntry&)> wants;
  /// The content of one that was wanted, at most `max_file` bytes.
  std::function<Result<void>(const DebEntry&, ByteView)> content;
  std::uint64_t max_file = 0;
  std::uint64_t max_entries = 0;
  std::uint64_t max_unpacked = 0;  ///< Bytes of data.tar, files that nobody wants included.
};

/// The text of the control file. kMalformed names `path` and the rule. Returns the visitor's
/// errors as they are.
[[nodiscard]] Result<std::string> read_deb(const std::string& path, const DebVisitor& visitor);

/// What a package says, for a message: at most 200 bytes, all of them printable.
[[nodiscard]] std::string shown(std::string_view untrusted);

/// The value of `field` in a control file, its first line; empty where there is none.
[[nodiscard]] std::string control_field(const std::string& control, const std::string& field);

/// One file with the compression of its name (.xz, .zst, .gz) taken off, at most `limit` bytes.
[[nodiscard]] Result<Bytes> read_compressed(const std::string& path, std::uint64_t limit);

}  // namespace phase::initramfs
