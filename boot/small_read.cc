#include "boot/small_read.h"

#include <cstdio>
#include <memory>

namespace phase::boot {

std::optional<Bytes> read_bytes(const std::string& path, std::size_t cap) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  if (!file) return std::nullopt;
  Bytes bytes(cap + 1);
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
  if (bytes.size() > cap) return std::nullopt;
  return bytes;
}

}  // namespace phase::boot
