// initramfs/kernel_package.h
// Opens a kernel: a Debian package (ar with a tar in it, read by libarchive; dpkg is not needed)
// or an unpacked tree. Both become one shape: a module tree in a work folder of our own, so that
// depmod can run beside it, and the paths of what lies in boot/.
//
// The package is untrusted: nothing of it is written but regular files below lib/modules/ and the
// two files of boot/, under names that were checked; links are never made. From a tree, only files
// inside it are taken, also where links lead elsewhere.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "proto/result.h"

namespace phase::initramfs {

inline constexpr std::uint64_t kMaxPackageEntries = 200'000;
inline constexpr std::uint64_t kMaxPackageFileBytes = 512ULL << 20;
inline constexpr std::uint64_t kMaxUnpackedBytes = 8ULL << 30;  ///< Of the whole package.

/// Asked between files; true ends the work with kCancelled.
using Cancelled = std::function<bool()>;

struct KernelTree {
  std::string release;       ///< "6.1.0-56-cloud-amd64".
  std::string base;          ///< Folder with lib/modules/<release>/ in it (depmod -b takes it).
  std::string image;         ///< Path of the kernel image; empty where there is none.
  std::string config;        ///< Path of its configuration; empty where there is none.
  std::string package_arch;  ///< Of a package, "amd64"; empty for a tree.
  std::int64_t mtime = 0;    ///< Of the package, or the newest file taken from the tree.

  [[nodiscard]] std::string modules() const { return base + "/lib/modules/" + release; }
};

/// `work` is an empty folder of the caller's that outlives the result. Errors name `path`:
/// kNotFound, kMalformed (no package, a path that leaves it, over a limit), kUsage (an RPM, a
/// metapackage, no modules, several releases).
[[nodiscard]] Result<KernelTree> open_kernel(const std::string& path, const std::string& work,
                                             const Cancelled& cancelled);

}  // namespace phase::initramfs
