#include "proto/cpio_writer.h"

#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <limits>
#include <utility>

#include "proto/result.h"

namespace phase {

struct CpioWriter::Entry {
  std::string_view path;
  std::uint32_t inode = 0;
  std::uint32_t mode = 0;
  std::uint32_t links = 1;
  std::uint32_t mtime = 0;
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
};

CpioWriter::CpioWriter(Sink sink, std::uint32_t mtime) : sink_(std::move(sink)), mtime_(mtime) {}

void CpioWriter::directory(std::string_view path, std::uint32_t mode) {
  write({.path = path, .inode = next_inode_++, .mode = S_IFDIR | mode, .links = 2, .mtime = mtime_},
        {});
}

void CpioWriter::file(std::string_view path, ByteView content, std::uint32_t mode) {
  write({.path = path, .inode = next_inode_++, .mode = S_IFREG | mode, .mtime = mtime_}, content);
}

void CpioWriter::hard_links(const std::vector<std::string>& paths, ByteView content,
                            std::uint32_t mode) {
  const std::uint32_t inode = next_inode_++;
  for (const std::string& path : paths) {
    write({.path = path,
           .inode = inode,
           .mode = S_IFREG | mode,
           .links = static_cast<std::uint32_t>(paths.size()),
           .mtime = mtime_},
          std::exchange(content, {}));
  }
}

void CpioWriter::symlink(std::string_view path, std::string_view target) {
  write({.path = path, .inode = next_inode_++, .mode = S_IFLNK | 0777, .mtime = mtime_},
        as_bytes(target));
}

void CpioWriter::character_device(std::string_view path, std::uint32_t mode, std::uint32_t major,
                                  std::uint32_t minor) {
  write({.path = path,
         .inode = next_inode_++,
         .mode = S_IFCHR | mode,
         .mtime = mtime_,
         .device_major = major,
         .device_minor = minor},
        {});
}

void CpioWriter::finish() {
  write({.path = "TRAILER!!!"}, {});
  finished_ = true;
}

void CpioWriter::write(const Entry& entry, ByteView content) {
  check(!finished_, "cpio entry after the trailer");
  check(!entry.path.empty() && entry.path.front() != '/' &&
            entry.path.find('\0') == std::string_view::npos && entry.path.size() < 4096,
        "cpio path is relative and under 4096 bytes");
  check(content.size() <= std::numeric_limits<std::uint32_t>::max(), "cpio file is under 4 GiB");

  std::array<char, 111> header;  // 6 of magic, 13 fields of 8 digits, NUL
  const int printed = std::snprintf(
      header.data(), header.size(), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
      entry.inode, entry.mode, 0U, 0U, entry.links, entry.mtime,
      static_cast<std::uint32_t>(content.size()), 0U, 0U, entry.device_major, entry.device_minor,
      static_cast<std::uint32_t>(entry.path.size() + 1), 0U);
  check(printed == 110, "a cpio header has 110 bytes");
  sink_(as_bytes({header.data(), header.size() - 1}));
  sink_(as_bytes(entry.path));
  static constexpr std::uint8_t kNul = 0;
  sink_({&kNul, 1});
  written_ += header.size() - 1 + entry.path.size() + 1;
  pad();
  if (!content.empty()) sink_(content);
  written_ += content.size();
  pad();
}

void CpioWriter::pad() {
  static constexpr std::array<std::uint8_t, 3> kZeros{};
  const std::size_t missing = (4 - written_ % 4) % 4;
  if (missing != 0) sink_(ByteView(kZeros).first(missing));
  written_ += missing;
}

}  // namespace phase
