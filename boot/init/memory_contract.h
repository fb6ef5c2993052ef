// boot/init/memory_contract.h
// Decides whether a release fits this machine before a byte of it is fetched, and how large the
// file system may be that it is fetched into. Pure: the caller reads /proc/meminfo and brings a
// verified manifest. All sizes are bytes.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/manifest.h"
#include "proto/result.h"

namespace phase::boot {

/// Which system call loads the next kernel.
enum class Loader : std::uint8_t {
  kFile,      ///< kexec_file_load: the kernel reads both files into buffers of its own first.
  kSegments,  ///< kexec_load: a program prepares the segments from mapped files.
};

struct MemInfo {
  std::uint64_t total = 0;      ///< MemTotal.
  std::uint64_t available = 0;  ///< MemAvailable.
};
/// The text of /proc/meminfo; kInternal where a field is missing.
[[nodiscard]] Result<MemInfo> parse_meminfo(std::string_view text);

struct Demand {
  std::uint64_t kernel = 0;
  std::uint64_t initramfs = 0;
  std::uint64_t rootfs = 0;              ///< Handed over inside the next initramfs.
  std::uint64_t others = 0;              ///< Fetched and not loaded: device trees.
  std::uint64_t handover = 0;            ///< Appended to the initramfs besides rootfs; 0 as long as
                               ///< it is not known (it is left out where it does not fit).
  std::uint64_t kernel_memory = 0;       ///< What the kernel needs to start (x86 init_size).
  std::uint64_t initramfs_unpacked = 0;
  std::uint64_t min_memory = 0;          ///< MemTotal that the publisher asks for; 0: no word.
  bool root_device = false;              ///< The signed command line names a root=.
};
[[nodiscard]] Demand demand_of(const Manifest& manifest);

/// What lies in the file system of fetched files when the next kernel is loaded.
[[nodiscard]] std::uint64_t stored_demand(const Demand& demand);

/// All kexec segments together: kernel, initramfs, what is appended to it, and the loader's own.
[[nodiscard]] std::uint64_t segment_demand(const Demand& demand);

/// Largest amount of RAM in use at once between the first fetched piece and the jump.
/// kexec_file_load holds a third copy of kernel and initramfs while it loads (Linux
/// kernel/kexec_file.c reads both into buffers, kimage_load_segment copies them again);
/// kexec_load holds two.
[[nodiscard]] std::uint64_t peak_demand(const Demand& demand, Loader loader);

/// kMemory; the refusal names needed and available MiB and the rule:
/// 1. the publisher's own minimum;
/// 2. the kernel's: all segments within half of MemTotal (kernel/kexec_core.c);
/// 3. MemAvailable holds peak_demand() and a reserve;
/// 4. the next system can start: kernel, initramfs and unpacked initramfs within MemTotal, and the
///    unpacked part within half of it where it stays on the rootfs tmpfs (capped so by the kernel).
[[nodiscard]] Result<void> admit(const Demand& demand, Loader loader, const MemInfo& memory);

/// Whether `handover` more bytes can be appended and loaded, once everything else of `demand`
/// lies in memory already; `memory` is as it is then. The system that starts keeps them for as long
/// as it runs: beside them it has kNextSystem for itself, where they are more than papers.
[[nodiscard]] bool room_for_handover(Demand demand, std::uint64_t handover, Loader loader,
                                     const MemInfo& memory);
inline constexpr std::uint64_t kNextSystem = std::uint64_t{64} << 20;
inline constexpr std::uint64_t kPapersAtMost = std::uint64_t{5} << 20;

/// Size limit of the file system for fetched files, chosen before any manifest is known: no
/// release that admit() accepts with this memory stores more, and a network child gone wrong
/// cannot take the rest of the memory.
[[nodiscard]] std::uint64_t fetch_room(const MemInfo& memory);

}  // namespace phase::boot
