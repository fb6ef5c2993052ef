// initramfs/kernel_path.h
// What a path inside a kernel package means. Pure; the path is untrusted.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace phase::initramfs {

struct KernelPath {
  enum class Kind { kOther, kModuleFile, kImage, kConfig };
  Kind kind = Kind::kOther;
  std::string release;
  std::string inside;  ///< kModuleFile: relative to lib/modules/<release>.
};

/// `path` with or without "./" in front. Empty for a path that is absolute, has a ".." part, a
/// control character or more than 4096 bytes: no package has a reason for one.
[[nodiscard]] std::optional<KernelPath> classify_kernel_path(std::string_view path);
/// 1 to 128 bytes of [A-Za-z0-9._+~-], not starting with a dot.
[[nodiscard]] bool valid_kernel_release(std::string_view release);

}  // namespace phase::initramfs
