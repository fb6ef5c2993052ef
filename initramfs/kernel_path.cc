#include "initramfs/kernel_path.h"

#include <algorithm>

#include "initramfs/module_set.h"

namespace phase::initramfs {
namespace {

constexpr std::size_t kMaxPathBytes = 4096;
constexpr std::size_t kMaxReleaseBytes = 128;

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool leaves_the_package(std::string_view path) {
  if (path.starts_with('/')) return true;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    if (path.substr(0, slash) == "..") return true;
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return false;
}

/// Modules, and the lists that the kernel's build makes; no build/ or source/ links.
bool wanted_below_release(std::string_view inside) {
  return valid_module_path(inside) &&
         (!module_name(inside).empty() || inside.starts_with("modules."));
}

KernelPath below_modules(std::string_view rest) {
  KernelPath out;
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || !valid_kernel_release(rest.substr(0, slash))) return out;
  const std::string_view inside = rest.substr(slash + 1);
  if (inside == "vmlinuz" || inside == "config") {
    out.kind = inside == "config" ? KernelPath::Kind::kConfig : KernelPath::Kind::kImage;
  } else if (wanted_below_release(inside)) {
    out.kind = KernelPath::Kind::kModuleFile;
    out.inside = std::string(inside);
  } else {
    return out;
  }
  out.release = std::string(rest.substr(0, slash));
  return out;
}

}  // namespace

bool valid_kernel_release(std::string_view release) {
  return !release.empty() && release.size() <= kMaxReleaseBytes && release.front() != '.' &&
         std::all_of(release.begin(), release.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '+' || c == '~' || c == '-';
         });
}

std::optional<KernelPath> classify_kernel_path(std::string_view path) {
  const bool controls = std::any_of(path.begin(), path.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
  });
  if (path.size() > kMaxPathBytes || controls || leaves_the_package(path)) return std::nullopt;
  take_prefix(path, "./");
  KernelPath out;
  std::string_view rest = path;
  take_prefix(rest, "usr/");
  if (take_prefix(rest, "lib/modules/")) return below_modules(rest);
  rest = path;
  if (!take_prefix(rest, "boot/")) return out;
  if (take_prefix(rest, "vmlinuz-")) {
    out.kind = KernelPath::Kind::kImage;
  } else if (take_prefix(rest, "config-")) {
    out.kind = KernelPath::Kind::kConfig;
  }
  if (out.kind == KernelPath::Kind::kOther || !valid_kernel_release(rest)) return KernelPath{};
  out.release = std::string(rest);
  return out;
}

}  // namespace phase::initramfs
