#include "boot/machine/disk_probe.h"

#include <blkid.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>

namespace phase::boot {
namespace {

struct FreeProbe {
  void operator()(blkid_probe probe) const { blkid_free_probe(probe); }
};
using Probe = std::unique_ptr<std::remove_pointer_t<blkid_probe>, FreeProbe>;

Probe probe_of(int fd) {
  Probe probe(blkid_new_probe());
  if (probe && blkid_probe_set_device(probe.get(), fd, 0, 0) != 0) probe.reset();
  return probe;
}

bool same(const char* text, const std::string& wanted) { return text != nullptr && text == wanted; }

FileSystem check_table(const ProbeTarget& target) {
  const Probe probe = probe_of(target.disk);
  if (!probe) return FileSystem::kUnreadable;
  blkid_probe_enable_superblocks(probe.get(), 0);
  blkid_probe_enable_partitions(probe.get(), 1);
  blkid_partlist all = blkid_probe_get_partitions(probe.get());
  if (all == nullptr) return FileSystem::kNotOurs;
  for (int i = 0; i < blkid_partlist_numof_partitions(all); ++i) {
    blkid_partition one = blkid_partlist_get_partition(all, i);
    if (one == nullptr || blkid_partition_get_partno(one) != static_cast<int>(target.number)) {
      continue;
    }
    blkid_parttable table = blkid_partition_get_table(one);
    const bool ours = table != nullptr && same(blkid_parttable_get_type(table), "gpt") &&
                      same(blkid_partition_get_type_string(one), target.type) &&
                      same(blkid_partition_get_name(one), target.name);
    return ours ? FileSystem::kNone : FileSystem::kNotOurs;
  }
  return FileSystem::kNotOurs;
}

/// s_journal_dev of ext4's superblock (Linux Documentation/filesystems/ext4/super.rst).
bool has_foreign_journal(int partition) {
  constexpr off_t kSuperblock = 1024;
  constexpr off_t kJournalDevice = 0xE4;
  std::array<char, 4> device{};
  const auto got = ::pread(partition, device.data(), device.size(), kSuperblock + kJournalDevice);
  return got != static_cast<ssize_t>(device.size()) || device != std::array<char, 4>{};
}

FileSystem check_file_system(int partition) {
  const Probe probe = probe_of(partition);
  if (!probe) return FileSystem::kUnreadable;
  blkid_probe_enable_superblocks(probe.get(), 1);
  blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_TYPE);
  const int found = blkid_do_safeprobe(probe.get());
  if (found == -1) return FileSystem::kUnreadable;
  const char* type = nullptr;
  if (found != 0 || blkid_probe_lookup_value(probe.get(), "TYPE", &type, nullptr) != 0) {
    return FileSystem::kNone;
  }
  if (std::string_view(type) == "vfat") return FileSystem::kVfat;
  if (std::string_view(type) != "ext4") return FileSystem::kOther;
  return has_foreign_journal(partition) ? FileSystem::kForeignJournal : FileSystem::kExt4;
}

}  // namespace

FileSystem probe_partition(const ProbeTarget& target) {
  const FileSystem table = check_table(target);
  return table == FileSystem::kNone ? check_file_system(target.partition) : table;
}

}  // namespace phase::boot
