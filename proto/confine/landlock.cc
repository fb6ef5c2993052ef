#include "proto/confine/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "proto/fd.h"

namespace phase::confine {
namespace {

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kExecute = LANDLOCK_ACCESS_FS_EXECUTE;
constexpr std::uint64_t kUpToRefer = (LANDLOCK_ACCESS_FS_REFER << 1) - 1;
// Newer than Debian 12's headers; from Linux's include/uapi/linux/landlock.h.
constexpr std::uint64_t kTruncate = 1ULL << 14;  // ABI 3
constexpr long kAbiWithRefer = 2, kAbiWithTruncate = 3;

/// A device that a hostile process makes is a way round every other rule.
constexpr std::uint64_t kNever = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                 LANDLOCK_ACCESS_FS_MAKE_BLOCK;

/// Of a file that is no folder.
constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                   LANDLOCK_ACCESS_FS_READ_FILE | kTruncate;

bool allow(int ruleset, const std::vector<std::string>& paths, std::uint64_t access) {
  for (const std::string& path : paths) {
    const Fd at(open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!at.valid()) continue;
    struct stat status {};
    if (fstat(at.get(), &status) != 0) return false;
    landlock_path_beneath_attr rule{};
    rule.allowed_access = S_ISDIR(status.st_mode) ? access : access & kOfFiles;
    rule.parent_fd = at.get();
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

Landlock apply(const FileRules& rules) {
  const long abi =
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < kAbiWithRefer) return Landlock::kMissing;
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = kUpToRefer | (abi >= kAbiWithTruncate ? kTruncate : 0);
  const Fd ruleset(static_cast<int>(
      syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0)));
  if (!ruleset.valid()) return Landlock::kFailed;
  const bool done = allow(ruleset.get(), rules.read, kRead) &&
                    allow(ruleset.get(), rules.execute, kRead | kExecute) &&
                    allow(ruleset.get(), rules.write, handled.handled_access_fs & ~kNever) &&
                    syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
  return done ? Landlock::kApplied : Landlock::kFailed;
}

}  // namespace phase::confine
