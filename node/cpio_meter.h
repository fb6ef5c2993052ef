// node/cpio_meter.h
// Walks a "newc" cpio stream as the kernel does (init/initramfs.c) and adds up what it takes once
// it is unpacked. Streamed: holds one header and one name. Several archives may follow one
// another, with zeros between them.
#pragma once

#include <cstdint>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::node {

class CpioMeter {
 public:
  /// All of `bytes`; kMalformed at the first one that is no cpio.
  Result<void> feed(ByteView bytes);
  /// Stops where, between two archives, something begins that is none; how many it took.
  Result<std::size_t> feed_some(ByteView bytes);
  /// Not inside an archive.
  [[nodiscard]] bool between() const { return state_ == State::kBetween; }
  /// kMalformed where an archive is cut off.
  Result<void> finish() const;
  /// Bytes in a RAM file system: whole 4 KiB pages of content, and 1 KiB for each entry.
  [[nodiscard]] std::uint64_t unpacked() const { return unpacked_; }
  [[nodiscard]] std::uint64_t entries() const { return entries_; }

 private:
  enum class State : std::uint8_t { kBetween, kHeader, kName, kContent };
  Result<void> end_of_header();
  Result<void> end_of_name();

  State state_ = State::kBetween;
  std::uint64_t offset_ = 0;     // in the archive: entries are padded to 4 bytes from its start
  std::uint64_t skip_ = 0;       // bytes of content and padding still to pass over
  std::uint64_t name_size_ = 0;
  std::uint64_t file_size_ = 0;
  Bytes held_;
  std::uint64_t unpacked_ = 0;
  std::uint64_t entries_ = 0;
};

}  // namespace phase::node
