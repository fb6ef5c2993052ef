// Makes the inputs of these tests: packages, trees and programs, good and hostile ones.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "initramfs/work_dir.h"
#include "proto/bytes.h"

namespace phase::initramfs::testing {

struct TarEntry {
  std::string path;
  std::string content;
  std::string symlink;   ///< Target; makes it a symbolic link.
  std::string hardlink;  ///< Target; makes it a hard link.
};

/// A Debian package with these entries in data.tar.xz, in this order.
Bytes make_deb(const std::string& control, const std::vector<TarEntry>& entries);

/// `content` as xz, zstd or gzip ("xz", "zst", "gz") packs it.
Bytes compressed(const std::string& content, const std::string& how);

/// What is in a compressed cpio archive, read by libarchive: text of files, "-> target" for links,
/// "/" for folders, "c5:1" for a device.
std::map<std::string, std::string> list_cpio(const Bytes& archive);

WorkDir temporary_folder();
std::string read_text(const std::string& path);
void write_text(const std::string& path, const std::string& content);

/// The modules that tests/unit/initramfs/fixture_*.cc were compiled to.
std::string failover_module();
std::string virtio_net_module();
/// A program without libraries, and the path of one that needs the C library.
std::string small_program();
std::string dynamic_program_path();
/// An ELF file as if it were built for another machine: 183 is aarch64.
std::string with_machine(std::string elf, int machine);

inline constexpr const char* kRelease = "6.1.0-test-amd64";
/// The entries of a small and good kernel package for this machine's architecture.
std::vector<TarEntry> kernel_entries();
inline const std::string kControl =
    "Package: linux-image-6.1.0-test-amd64\nVersion: 1\nDepends: kmod, linux-base\n";

}  // namespace phase::initramfs::testing
