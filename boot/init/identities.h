// boot/init/identities.h
// Numbers and places in the initramfs that programs there agree on. There is no passwd file:
// each child has a number of its own and owns nothing but what PID 1 gives it.
#pragma once

#include <sys/types.h>

namespace phase::boot {

inline constexpr uid_t kNetworkChildUid = 901;
inline constexpr uid_t kVerifierUid = 902;
inline constexpr uid_t kNodeUid = 903;
inline constexpr uid_t kCacheUid = 904;
inline constexpr uid_t kTpmUid = 905;

inline constexpr const char* kNetworkProgram = "/sbin/phase-net";
inline constexpr const char* kNodeProgram = "/sbin/plasmd";
inline constexpr const char* kShellProgram = "/bin/busybox";

inline constexpr const char* kTrustFile = "/etc/phase/trust.toml";
inline constexpr const char* kRoleFile = "/etc/phase/role";
inline constexpr const char* kRunFolder = "/run/phase";
inline constexpr const char* kFetchFolder = "/run/phase/fetch";
inline constexpr const char* kCacheFolder = "/run/phase/cache";
inline constexpr const char* kRunTrustFile = "/run/phase/trust.toml";
inline constexpr const char* kNodeStore = "/var/lib/phase";

// Names in the fetch folder, beside the release's own folder, and in /phase of the next system.
inline constexpr const char* kReportName = "report.json";
inline constexpr const char* kTorrentName = "release.torrent";
inline constexpr const char* kPointerName = "pointer";
inline constexpr const char* kRootsName = "roots";
inline constexpr const char* kBootName = "boot.json";
inline constexpr const char* kTrustName = "trust.toml";
inline constexpr const char* kRootfsName = "rootfs";
inline constexpr const char* kHandoverFolder = "/phase";

/// A .torrent larger than this is not handed over.
inline constexpr unsigned long kMaxTorrentBytes = 4UL << 20;

}  // namespace phase::boot
