// proto/cpio_writer.h
// Writes the "newc" archive that Linux unpacks as an initramfs
// (Documentation/driver-api/early-userspace/buffer-format.rst). Writes only: reading archives is
// libarchive's. Deterministic: the caller gives the order, times are one fixed value, inode
// numbers count up.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/bytes.h"

namespace phase {

class CpioWriter {
 public:
  using Sink = std::function<void(ByteView)>;
  /// `mtime` in seconds since 1970 goes into every entry.
  CpioWriter(Sink sink, std::uint32_t mtime);

  /// Paths are relative, without a leading slash; parents come first (the caller adds them).
  void directory(std::string_view path, std::uint32_t mode = 0755);
  void file(std::string_view path, ByteView content, std::uint32_t mode = 0644);
  /// One file under several names (at least one): its bytes are written once, with the first. Linux
  /// links the others to it by device and inode number (init/initramfs.c, maybe_link()).
  void hard_links(const std::vector<std::string>& paths, ByteView content,
                  std::uint32_t mode = 0644);
  void symlink(std::string_view path, std::string_view target);
  void character_device(std::string_view path, std::uint32_t mode, std::uint32_t major,
                        std::uint32_t minor);
  /// The trailer, padded to 4 bytes; nothing may follow.
  void finish();

 private:
  struct Entry;
  void write(const Entry& entry, ByteView content);
  void pad();
  Sink sink_;
  std::uint32_t mtime_;
  std::uint32_t next_inode_ = 1;
  std::uint64_t written_ = 0;
  bool finished_ = false;
};

}  // namespace phase
