#include "boot/init/memory_contract.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <limits>
#include <string>

namespace phase::boot {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;
// Left for page tables, sockets and the processes that stay alive meanwhile.
constexpr std::uint64_t kReserve = 8 * kMiB;
// Purgatory, boot parameters and command line are segments too.
constexpr std::uint64_t kLoaderSegments = 256 * 1024;

// The sizes of a manifest are any 64-bit numbers: a sum stays at the top instead of wrapping.
std::uint64_t sum(std::initializer_list<std::uint64_t> parts) {
  std::uint64_t total = 0;
  for (const std::uint64_t part : parts) {
    if (__builtin_add_overflow(total, part, &total)) {
      return std::numeric_limits<std::uint64_t>::max();
    }
  }
  return total;
}

std::string mib(std::uint64_t bytes, bool round_up) {
  const std::uint64_t whole = bytes / kMiB + (round_up && bytes % kMiB != 0 ? 1 : 0);
  return std::to_string(whole) + " MiB";
}

Result<void> fits(std::uint64_t needed, std::uint64_t available, const std::string& what) {
  if (needed <= available) return {};
  return {ErrorCode::kMemory, "needed " + mib(needed, true) + " (" + std::to_string(needed) +
                                  " bytes), available " + mib(available, false) + " (" +
                                  std::to_string(available) + " bytes): " + what};
}

std::uint64_t field_kib(std::string_view text, std::string_view name) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    std::uint64_t value = 0;
    std::from_chars(line.data(), line.data() + line.size(), value);
    return value;
  }
  return 0;
}

// What is appended to the signed initramfs.
std::uint64_t appended(const Demand& demand) { return sum({demand.rootfs, demand.handover}); }

bool names_root(std::string_view cmdline) {
  return cmdline.starts_with("root=") || cmdline.find(" root=") != std::string_view::npos;
}

}  // namespace

Result<MemInfo> parse_meminfo(std::string_view text) {
  const MemInfo memory{field_kib(text, "MemTotal:") * 1024,
                       field_kib(text, "MemAvailable:") * 1024};
  if (memory.total == 0 || memory.available == 0) {
    return {ErrorCode::kInternal, "/proc/meminfo lacks MemTotal or MemAvailable"};
  }
  return memory;
}

Demand demand_of(const Manifest& manifest) {
  Demand demand;
  for (const Artifact& artifact : manifest.artifacts) {
    std::uint64_t* part = artifact.role == Role::kKernel      ? &demand.kernel
                          : artifact.role == Role::kInitramfs ? &demand.initramfs
                          : artifact.role == Role::kRootfs    ? &demand.rootfs
                                                              : &demand.others;
    *part = sum({*part, artifact.size});
  }
  // A manifest that does not say what the kernel needs: at least itself.
  demand.kernel_memory = std::max(manifest.kernel_memory, demand.kernel);
  demand.initramfs_unpacked = manifest.initramfs_unpacked;
  demand.min_memory = manifest.min_memory;
  demand.root_device = names_root(manifest.cmdline);
  return demand;
}

std::uint64_t stored_demand(const Demand& demand) {
  return sum({demand.kernel, demand.initramfs, demand.rootfs, demand.others, appended(demand)});
}

std::uint64_t segment_demand(const Demand& demand) {
  return sum({demand.kernel_memory, demand.initramfs, appended(demand), kLoaderSegments});
}

std::uint64_t peak_demand(const Demand& demand, Loader loader) {
  const std::uint64_t buffers =
      loader == Loader::kFile ? sum({demand.kernel, demand.initramfs, appended(demand)}) : 0;
  return sum({stored_demand(demand), buffers, segment_demand(demand)});
}

Result<void> admit(const Demand& demand, Loader loader, const MemInfo& memory) {
  if (auto enough = fits(demand.min_memory, memory.total,
                         "the publisher asks for that much memory (MemTotal)");
      !enough) {
    return enough;
  }
  if (auto enough = fits(segment_demand(demand), memory.total / 2,
                         "the kernel takes at most half of MemTotal for the next kernel and "
                         "initramfs");
      !enough) {
    return enough;
  }
  if (auto enough = fits(sum({peak_demand(demand, loader), kReserve}), memory.available,
                         "MemAvailable must hold the fetched files and the copies made while they "
                         "are loaded");
      !enough) {
    return enough;
  }
  if (auto enough = fits(stored_demand(demand), fetch_room(memory),
                         "fetched files may take two thirds of MemAvailable");
      !enough) {
    return enough;
  }
  const std::uint64_t unpacked = sum({demand.initramfs_unpacked, appended(demand)});
  if (auto enough = fits(sum({demand.kernel_memory, demand.initramfs, appended(demand), unpacked}),
                         memory.total, "the next system unpacks its initramfs into memory");
      !enough) {
    return enough;
  }
  if (demand.root_device) return {};
  return fits(unpacked, memory.total / 2,
              "the next kernel gives its root file system at most half of the memory");
}

bool room_for_handover(Demand demand, std::uint64_t handover, Loader loader,
                       const MemInfo& memory) {
  const std::uint64_t stored_already = stored_demand(demand);
  demand.handover = sum({demand.handover, handover});
  const std::uint64_t still = peak_demand(demand, loader) - stored_already;
  const std::uint64_t unpacked = sum({demand.initramfs_unpacked, appended(demand)});
  const std::uint64_t next = handover <= kPapersAtMost ? 0 : kNextSystem;
  return segment_demand(demand) <= memory.total / 2 && still <= memory.available &&
         (demand.root_device || unpacked <= memory.total / 2) &&
         sum({demand.kernel_memory, demand.initramfs, appended(demand), unpacked, next}) <=
             memory.total;
}

std::uint64_t fetch_room(const MemInfo& memory) {
  // What is stored is at most kernel + initramfs + twice what is appended (a rootfs lies there
  // as a file and again behind the initramfs); loading takes kernel + initramfs + appended once
  // more at the least, so half of what is stored. Only large device trees, stored and never
  // loaded, could ask for more: admit() refuses those by this same number.
  return memory.available / 3 * 2;
}

}  // namespace phase::boot
