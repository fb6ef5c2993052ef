// initramfs/build.h
// Makes one initramfs: opens the kernel, picks modules, programs and their libraries, lays them out
// and compresses them. Everything that goes in is checked to be for the one machine.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "initramfs/compress.h"
#include "initramfs/layout.h"
#include "initramfs/module_set.h"
#include "initramfs/system_files.h"
#include "proto/result.h"

namespace phase::initramfs {

struct AddedFile {
  std::string from;
  std::string to;  ///< Absolute path in the archive.
};
/// "FILE:/path" or "/file", which keeps its path. kUsage for anything else.
[[nodiscard]] Result<AddedFile> parse_added_file(const std::string& text);

struct BuildOptions {
  std::string kernel;
  std::string arch;  ///< Normalised: x86_64 or aarch64.
  std::string trust;
  InitRole role = InitRole::kClient;
  std::vector<AddedFile> added;
  std::vector<std::string> bootstrap;  ///< Added to the trust file's.
  std::vector<std::string> mirrors;    ///< The same.
  bool lock = false;
  std::string programs;              ///< Folder of our own programs.
  std::vector<std::string> modules;  ///< Wanted; empty: the default set.
  bool cache = true;                 ///< The default set has drivers of disks and file systems.
  std::string image_out;             ///< Where the kernel image is written; empty: nowhere.
  std::string output;
  std::optional<std::int64_t> source_date_epoch;  ///< Seconds since 1970.
};

struct PackedProgram {
  std::string path;  ///< In the archive.
  std::string source;
  std::uint64_t symbol_bytes = 0;  ///< What `strip` would take off.
};

struct Built {
  std::string kernel_release;
  Compression compression = Compression::kZstd;
  std::int64_t time_floor = 0;  ///< Seconds since 1970; the newest input.
  ModuleChoice modules;
  std::vector<PackedProgram> programs;
  std::uint64_t packed = 0;    ///< Bytes of the output.
  std::uint64_t unpacked = 0;  ///< Bytes of the archive before compression.
  std::vector<RoomUsed> groups;
  std::vector<RoomUsed> files;
  std::uint64_t image_bytes = 0;  ///< Of the kernel image; 0 where none was written.
};

/// Writes options.output (and options.image_out), each whole or not at all.
[[nodiscard]] Result<Built> build_initramfs(const BuildOptions& options,
                                            const std::function<bool()>& cancelled);

}  // namespace phase::initramfs
