// boot/machine/child_rights.h
// What each child of PID 1 may do, on one page: number, capabilities, network, files, system calls,
// limits. Whoever starts one adds the descriptors that it gets. docs/CONFINEMENT.md is printed from
// this. Pure.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "boot/machine/child.h"

namespace phase::boot {

struct DhcpOptions;

/// busybox udhcpc and phase-dhcp-hook: CAP_NET_RAW alone.
[[nodiscard]] Confinement dhcp_rights(const DhcpOptions& options);

/// A look at an unknown disk, by descriptors.
[[nodiscard]] Confinement disk_probe_rights();

/// Talks to the TPM by the one descriptor that it gets.
[[nodiscard]] Confinement tpm_rights(uid_t uid);

/// Mounts and unmounts one partition in the mount namespace of its parent: a disk that does not
/// answer holds this one, and a file system that breaks the kernel's driver ends this one. Landlock
/// allows no mounting, so there is none.
[[nodiscard]] Confinement mounter_rights();

/// phase-net, and what it starts: writes below `fetched` alone, no file larger than `room` bytes.
/// `program`'s folder holds what it may start; `trust` and `cache` (may be empty) it reads.
[[nodiscard]] Confinement network_rights(uid_t uid, const std::string& program,
                                         const std::string& fetched, const std::string& trust,
                                         const std::string& cache, std::uint64_t room);

/// Reads below `folder` and nothing else: the verifier, and whoever reads what came from outside.
/// No network, no writing at all.
[[nodiscard]] Confinement reader_rights(uid_t uid, const std::string& folder);

/// Stores what lies below `from` below `cache`. No network.
[[nodiscard]] Confinement keeper_rights(uid_t uid, const std::string& from,
                                        const std::string& cache);

/// Signals processes of its own number.
[[nodiscard]] Confinement ender_rights(uid_t uid);

/// plasmd in a booted system: `program`'s folder holds phase-lan.
[[nodiscard]] Confinement node_rights(uid_t uid, const std::string& program,
                                      const std::string& store, const std::string& handed_over);

/// A person's shell: all rights but kexec.
[[nodiscard]] Confinement rescue_rights();

}  // namespace phase::boot
