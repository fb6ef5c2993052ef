// boot/init/identities.h
// Numbers and places in the initramfs that programs there agree on. There is no passwd file:
// each child has a number of its own and owns nothing but what PID 1 gives it.
#pragma once

#include <sys/types.h>

#include "boot/phase_folder.h"

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

/// In the fetch folder, beside the release's own folder and papers that have the names of
/// boot/phase_folder.h.
inline constexpr const char* kRootsName = "roots";

}  // namespace phase::boot
