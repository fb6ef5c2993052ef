#include "sim/power_cut.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

#include "proto/bytes.h"

namespace phase::sim {
namespace {

constexpr std::uint64_t kMagic = 0x6a736677736872;
constexpr std::uint64_t kSector = 512;  // What blklogwrites counts in unless told otherwise.
constexpr std::uint64_t kFlush = 1, kDiscard = 4;

struct Entry {
  std::uint64_t sector = 0, sectors = 0, flags = 0;
  std::uint64_t data_at = 0;  // In the log.
};

std::uint64_t number64(const std::array<std::uint8_t, 32>& bytes, std::size_t at) {
  std::uint64_t number = 0;
  for (std::size_t i = 8; i-- > 0;) number = number << 8 | bytes[at + i];
  return number;
}

class Log {
 public:
  explicit Log(const std::string& path) : in_(path, std::ios::binary), path_(path) {
    std::error_code error;
    size_ = std::filesystem::file_size(path, error);
  }

  /// Entries up to the first that is not whole: QEMU died while it wrote that one.
  Result<std::vector<Entry>> entries() {
    std::vector<Entry> found;
    const auto super = header(0);
    const std::uint64_t promised = number64(super, 0) == kMagic ? number64(super, 16) : 0;
    for (std::uint64_t at = kSector; at + kSector <= size_;) {
      const auto fields = header(at);
      Entry entry{number64(fields, 0), number64(fields, 8), number64(fields, 16), at + kSector};
      if (entry.sectors == 0 && entry.flags == 0) break;
      const auto data = (entry.flags & kDiscard) != 0 ? 0 : entry.sectors * kSector;
      if (entry.sectors > size_ / kSector || entry.data_at + data > size_) break;
      found.push_back(entry);
      at = entry.data_at + data;
    }
    // QEMU counts its entries at each flush: all of those are of interest.
    if (found.size() >= promised) return found;
    return Error{ErrorCode::kMalformed, path_ + ": " + std::to_string(found.size()) + " of " +
                                            std::to_string(promised) + " entries can be read"};
  }
  std::vector<char> data(const Entry& entry) {
    std::vector<char> bytes(entry.sectors * kSector);
    in_.clear();
    in_.seekg(static_cast<std::streamoff>(entry.data_at));
    in_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return bytes;
  }

 private:
  std::array<std::uint8_t, 32> header(std::uint64_t at) {
    std::array<std::uint8_t, 32> bytes{};
    in_.clear();
    in_.seekg(static_cast<std::streamoff>(at));
    in_.read(reinterpret_cast<char*>(bytes.data()), bytes.size());
    return bytes;
  }
  std::ifstream in_;
  std::string path_;
  std::uint64_t size_ = 0;
};

}  // namespace

Result<PowerCut> apply_power_cut(const std::string& write_log, const std::string& image,
                                 std::uint64_t rng_seed) {
  Log log(write_log);
  auto entries = log.entries();
  if (!entries) return entries.error();
  std::size_t flushed = 0;  // Entries that are safe.
  PowerCut cut;
  for (std::size_t i = 0; i < entries->size(); ++i) {
    if (((*entries)[i].flags & kFlush) == 0) continue;
    flushed = i + 1;
    ++cut.flushes;
  }
  std::fstream disk(image, std::ios::binary | std::ios::in | std::ios::out);
  std::mt19937_64 random(rng_seed);
  for (std::size_t i = 0; i < entries->size(); ++i) {
    const Entry& entry = (*entries)[i];
    // A discarded sector may keep what it held.
    if (entry.sectors == 0 || (entry.flags & kDiscard) != 0) continue;
    ++cut.writes;
    cut.at_risk += i >= flushed;
    const bool lost = i >= flushed && random() % 2 == 0;
    cut.lost += lost;
    if (lost) continue;
    const auto bytes = log.data(entry);
    disk.seekp(static_cast<std::streamoff>(entry.sector * kSector));
    disk.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  disk.close();
  if (!disk) return Error{ErrorCode::kStore, image + ": cannot be written"};
  return cut;
}

std::uint64_t written_so_far(const std::string& write_log) {
  std::error_code error;
  const auto size = std::filesystem::file_size(write_log, error);
  return error ? 0 : size;
}

}  // namespace phase::sim
