// initramfs/kernel_tree.h
// The two ways to open a kernel share this: the layout of the work folder, and the unpacked tree.
#pragma once

#include <set>
#include <string>

#include "initramfs/kernel_package.h"
#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::initramfs {

[[nodiscard]] std::string image_of(const std::string& work, const std::string& release);
[[nodiscard]] std::string config_of(const std::string& work, const std::string& release);

/// The tree in `work` where `releases` holds exactly one; kUsage names them otherwise.
[[nodiscard]] Result<KernelTree> one_release(const std::string& path, const std::string& work,
                                             const std::set<std::string>& releases);

/// An unpacked tree with [usr/]lib/modules/<release>/ and boot/ in it. The work folder gets links
/// to its files; links in the tree that lead out of it are refused (kMalformed).
[[nodiscard]] Result<KernelTree> open_unpacked(const std::string& path, const std::string& work,
                                               const Cancelled& cancelled);

/// The first bytes of a file, at most 64.
[[nodiscard]] Result<Bytes> read_start(const std::string& path);

}  // namespace phase::initramfs
