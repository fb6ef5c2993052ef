// initramfs/layout.h
// The list of everything in the archive, and the writing of it in one fixed order: folders, device
// nodes, then files by group and path. The order in which things were added does not show.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "initramfs/compress.h"
#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::initramfs {

/// Neighbours compress better among their like.
enum class Group : std::uint8_t { kOther, kPrograms, kLibraries, kModules };
[[nodiscard]] const char* group_name(Group group);

struct LayoutFile {
  Group group = Group::kOther;
  Bytes content;
  std::uint32_t mode = 0644;
  std::string source;  ///< The file that it was read from; empty for what was made here.
};

struct DeviceNode {
  std::uint32_t mode, major, minor;  ///< Character devices only.
};

/// How much room something takes. `packed` is exact: the compressor ends a block around each file
/// of at least kListedBytes, and around each group.
struct RoomUsed {
  std::string name;
  Group group = Group::kOther;
  std::uint64_t files = 0;
  std::uint64_t size = 0;
  std::uint64_t packed = 0;
};
inline constexpr std::uint64_t kListedBytes = 64 * 1024;

struct WrittenArchive {
  Bytes bytes;
  std::uint64_t unpacked = 0;    ///< Bytes of the cpio archive.
  std::vector<RoomUsed> groups;  ///< Programs, libraries, modules, other.
  std::vector<RoomUsed> files;   ///< Those of at least kListedBytes, by path.
};

class Layout {
 public:
  /// Paths are absolute. The folders above are made with mode 0755 where nobody asked for them.
  /// kUsage: no clean absolute path, or taken already.
  [[nodiscard]] Result<void> directory(const std::string& path, std::uint32_t mode = 0755);
  [[nodiscard]] Result<void> file(const std::string& path, LayoutFile file);
  [[nodiscard]] Result<void> device(const std::string& path, DeviceNode node);

  [[nodiscard]] const std::map<std::string, LayoutFile>& files() const { return files_; }

  /// Every entry gets `mtime`. Ends with kCancelled between two files where `cancelled` says so.
  [[nodiscard]] Result<WrittenArchive> write(Compression compression, std::uint32_t mtime,
                                             const std::function<bool()>& cancelled) const;

 private:
  [[nodiscard]] Result<void> claim(const std::string& path);
  [[nodiscard]] std::vector<const std::pair<const std::string, LayoutFile>*> in_order(
      Group group) const;
  std::map<std::string, std::uint32_t> directories_;
  std::map<std::string, LayoutFile> files_;
  std::map<std::string, DeviceNode> devices_;
};

}  // namespace phase::initramfs
