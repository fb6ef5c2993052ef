// initramfs/system_files.h
// What the archive holds besides programs, libraries and modules: folders, device nodes, the users
// that unprivileged processes run as, and what the machine trusts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "initramfs/layout.h"
#include "proto/result.h"
#include "proto/trust.h"

namespace phase::initramfs {

enum class InitRole : std::uint8_t { kClient, kNode };
[[nodiscard]] const char* init_role_name(InitRole role);

/// One per kind of process that phase-init starts, so that none can touch another's. The numbers
/// are those of boot/init/identities.h (a unit test holds them together): processes get them by
/// number, /etc/passwd is for people who look at the machine.
struct SystemUser {
  const char* name;
  std::uint32_t id;  ///< User and group.
};
[[nodiscard]] const std::vector<SystemUser>& system_users();

/// Folders, /dev/console and /dev/null, /etc/passwd, /etc/group, /etc/hosts, /etc/nsswitch.conf,
/// /etc/phase/role and /etc/phase/trust.toml.
[[nodiscard]] Result<void> add_system_files(Layout& layout, InitRole role,
                                            const TrustPolicy& policy);

struct LoadedTrust {
  TrustPolicy policy;
  std::optional<std::int64_t> mtime;  ///< Of the file that it came from.
};
/// `given` is a public key (hexadecimal or minisign form), or the path of a .pub or trust file.
/// kConfig: it is none of these.
[[nodiscard]] Result<LoadedTrust> load_trust(const std::string& given);

}  // namespace phase::initramfs
