#include "boot/machine/cache_disk.h"

#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "boot/machine/answering_child.h"
#include "boot/machine/block_device.h"
#include "boot/machine/child_rights.h"
#include "boot/machine/disk_probe.h"

namespace phase::boot {
namespace {

using std::chrono::seconds;

constexpr seconds kUnmountTime{20};
constexpr std::size_t kMaxAnswer = 300;
// Beside 0 to 2 and the answer.
constexpr int kDiskDescriptor = 4;
constexpr int kPartitionDescriptor = 5;

std::string path_of(const Partition& partition) { return "/dev/" + partition.partition.device; }

Result<FileSystem> file_system_of(const Partition& partition, MonoTime deadline,
                                  const Clock& clock) {
  const auto disk = open_block_device(partition.disk);
  if (!disk) return disk.error();
  const auto device = open_block_device(partition.partition);
  if (!device) return device.error();
  Confinement confinement = disk_probe_rights();
  confinement.descriptors = {{disk->get(), kDiskDescriptor}, {device->get(), kPartitionDescriptor}};
  const unsigned number = partition.partition.number;
  const auto answer = ask_child(
      [number] {
        return std::string(1, static_cast<char>(probe_partition({.disk = kDiskDescriptor,
                                                                 .partition = kPartitionDescriptor,
                                                                 .number = number,
                                                                 .type = kCachePartitionType,
                                                                 .name = kCachePartitionName})));
      },
      confinement, 1, deadline, clock);
  if (!answer) return answer.error();
  if (answer->empty()) return {ErrorCode::kStore, "it cannot be told what is on it"};
  return static_cast<FileSystem>(answer->front());
}

/// Why it is not taken; empty: it is.
std::string refusal(FileSystem found) {
  switch (found) {
    case FileSystem::kExt4:
    case FileSystem::kVfat:
      return "";
    case FileSystem::kUnreadable:
      return "it cannot be read";
    case FileSystem::kNotOurs:
      return std::string("its partition type is not ") + kCachePartitionType;
    case FileSystem::kNone:
      return "it has no file system; make one with mkfs.ext4";
    case FileSystem::kOther:
      return "its file system is neither ext4 nor vfat";
    case FileSystem::kForeignJournal:
      return "its journal is on another device";
  }
  return "it cannot be told what is on it";
}

void load_modules(FileSystem system, Modules* modules) {
  if (modules == nullptr) return;
  // What is missing shows when it is mounted: the kernel may have it built in.
  ModulesReport report;
  if (system == FileSystem::kExt4) {
    for (const char* name : {"crc32c_generic", "ext4"}) (void)modules->load(name, report);
    return;
  }
  for (const char* name : {"nls_cp437", "nls_ascii", "nls_iso8859-1", "nls_utf8", "vfat"}) {
    (void)modules->load(name, report);
  }
}

struct Job {
  std::string device, at;
  FileSystem system = FileSystem::kExt4;
  CacheUse use = CacheUse::kRead;
  uid_t owner = 0;
};

/// Says "" or why not. What the superblock says about errors (a panic, say) is not taken over.
std::string mount_as(const Job& job, CacheUse use) {
  unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME;
  if (use == CacheUse::kRead) flags |= MS_RDONLY;
  const bool ext4 = job.system == FileSystem::kExt4;
  std::string options = "errors=remount-ro";
  if (ext4 && use == CacheUse::kRead) options += ",noload";
  if (!ext4) {
    const std::string owner = std::to_string(job.owner);
    options += ",tz=UTC,fmask=0133,dmask=0022,uid=" + owner + ",gid=" + owner;
  }
  if (::mount(job.device.c_str(), job.at.c_str(), ext4 ? "ext4" : "vfat", flags,
              options.c_str()) == 0) {
    return "";
  }
  return std::string("mount: ") + std::strerror(errno);
}

/// First without the right to write, so that what turns out to be somebody else's is as it was.
std::string mount_checked(const Job& job) {
  if (auto failed = mount_as(job, CacheUse::kRead); !failed.empty()) return failed;
  auto claimed = Cache::claim(job.at, CacheUse::kRead);
  if (claimed && job.use == CacheUse::kRead) return "";
  if (::umount2(job.at.c_str(), 0) != 0) {
    return std::string("unmount: ") + std::strerror(errno);
  }
  if (!claimed) return claimed.error().detail;
  if (auto failed = mount_as(job, CacheUse::kWrite); !failed.empty()) return failed;
  claimed = Cache::claim(job.at, CacheUse::kWrite);
  if (claimed && job.system == FileSystem::kExt4) claimed = Cache::give(job.at, job.owner);
  if (claimed) return "";
  (void)::umount2(job.at.c_str(), MNT_DETACH);
  return claimed.error().detail;
}

std::string printable(std::string text) {
  std::replace_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

void unmount(const std::string& folder, const Clock& clock) {
  const auto unmounted = ask_child(
      [&folder] {
        if (::umount2(folder.c_str(), 0) == 0) return std::string();
        const int done = ::umount2(folder.c_str(), MNT_DETACH);
        return done == 0 ? std::string() : std::string(std::strerror(errno));
      },
      mounter_rights(), kMaxAnswer, clock.now() + kUnmountTime, clock);
  (void)unmounted;  // Every file was synced when it was stored; there is nobody to tell.
}

Result<void> mount_partition(const Partition& partition, const CacheDiskOptions& options,
                             Modules* modules, const Clock& clock) {
  const auto system = file_system_of(partition, options.deadline, clock);
  if (!system) return system.error();
  if (const auto why = refusal(*system); !why.empty()) return {ErrorCode::kStore, why};
  load_modules(*system, modules);
  const Job job{path_of(partition), options.mount_point, *system, options.use, options.owner};
  const auto failed = ask_child([&job] { return mount_checked(job); }, mounter_rights(), kMaxAnswer,
                                options.deadline, clock);
  if (!failed) {
    // It may have come as far as that, and nobody is to mount over it.
    unmount(options.mount_point, clock);
    return failed.error();
  }
  if (!failed->empty()) return {ErrorCode::kStore, printable(*failed)};
  return {};
}

}  // namespace

Result<CacheDisk> CacheDisk::mount(const CacheDiskOptions& options, Modules* modules,
                                   const Clock& clock,
                                   const std::function<void(const std::string&)>& say) {
  const auto found = find_partitions(kCachePartitionName);
  if (found.empty()) return {ErrorCode::kNotFound, "no partition is named PHASECACHE"};
  if (::mkdir(options.mount_point.c_str(), 0755) != 0 && errno != EEXIST) {
    return {ErrorCode::kStore, options.mount_point + ": " + std::strerror(errno)};
  }
  std::string why_not;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto mounted = mount_partition(found[i], options, modules, clock);
    if (!mounted) {
      why_not += (why_not.empty() ? "" : "; ") + path_of(found[i]) + ": " + mounted.error().detail;
      continue;
    }
    if (say && !why_not.empty()) say("cache: passed over " + why_not);
    for (std::size_t other = i + 1; say && other < found.size(); ++other) {
      say("cache: " + path_of(found[other]) + " is another one, and not used");
    }
    return CacheDisk(options.mount_point, path_of(found[i]));
  }
  return {ErrorCode::kStore, why_not};
}

CacheDisk::CacheDisk(CacheDisk&& other) noexcept
    : folder_(std::exchange(other.folder_, {})), device_(std::move(other.device_)) {}

CacheDisk::~CacheDisk() {
  if (!folder_.empty()) unmount(folder_, system_clock());
}

}  // namespace phase::boot
