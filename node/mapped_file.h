// node/mapped_file.h
// A file of ours, read only, as bytes: for looking into large artifacts without copying them. The
// file must not shrink while it is mapped, so this is for copies in the store, never for a
// stranger's file.
#pragma once

#include <string>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::node {

class MappedFile {
 public:
  static Result<MappedFile> open(const std::string& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();
  [[nodiscard]] ByteView bytes() const { return bytes_; }

 private:
  explicit MappedFile(ByteView bytes) : bytes_(bytes) {}
  ByteView bytes_;
};

}  // namespace phase::node
