#include "proto/confine/rules.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <initializer_list>
#include <set>

namespace phase::confine {
namespace {

std::vector<Rule> calls(std::initializer_list<const char*> names) {
  std::vector<Rule> rules;
  for (const char* name : names) rules.push_back({name, {}});
  return rules;
}

Group with(Group group, std::vector<Rule> more) {
  group.rules.insert(group.rules.end(), more.begin(), more.end());
  return group;
}

constexpr std::uint64_t kWriting = O_ACCMODE | O_CREAT | O_TRUNC;
constexpr std::uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                      CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr std::uint64_t kInt = 0xffffffff;  // The kernel reads 32 bits of such an argument.

Rule socket_of(int family) {
  return {"socket", {{0, kInt, static_cast<std::uint64_t>(family)}}};
}

/// Any process: memory, time, its own identity and end, descriptors that it has.
const Group kBase = {
    "base",
    calls({"brk", "clock_getres", "clock_gettime", "clock_nanosleep", "close", "dup",
           "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2", "exit",
           "exit_group", "fcntl", "fstat", "futex", "getcpu", "getegid", "geteuid", "getgid",
           "getpid", "getppid", "getrandom", "getresgid", "getresuid", "getrlimit", "getrusage",
           "gettid", "gettimeofday", "getuid", "lseek", "madvise", "membarrier", "mincore",
           "mlock", "mlock2", "mremap", "munlock", "munmap", "nanosleep", "newfstatat", "poll", "ppoll",
           "pread64", "preadv", "prlimit64", "pselect6", "read", "readv", "restart_syscall",
           "rseq", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn",
           "rt_sigsuspend", "rt_sigtimedwait", "sched_getaffinity", "sched_getparam",
           "sched_getscheduler", "sched_yield", "select", "set_robust_list", "set_tid_address",
           "sigaltstack", "sysinfo", "tgkill", "time", "times", "uname", "write", "writev"})};

/// Memory is never both writable and executable, and none becomes executable later: for what has
/// all its code already.
const Group kNoNewCode = {
    "no new code", {{"mmap", {{2, PROT_EXEC, 0}}}, {"mprotect", {{2, PROT_EXEC, 0}}}}};

/// The loader maps code, and on aarch64 protects it anew (BTI); never writable and executable.
const Group kLoadCode = {"loads code",
                         {{"mmap", {{2, PROT_EXEC, 0}}},
                          {"mmap", {{2, PROT_WRITE, 0}}},
                          {"mprotect", {{2, PROT_EXEC, 0}}},
                          {"mprotect", {{2, PROT_WRITE, 0}}}}};

const Group kReadFiles = with(
    {"reads files", calls({"access", "faccessat", "faccessat2", "fadvise64", "fchdir", "fstatfs",
                           "getcwd", "getdents64", "lstat", "readahead", "readlink",
                           "readlinkat", "stat", "statfs", "statx"})},
    {{"open", {{1, kWriting, O_RDONLY}}}, {"openat", {{2, kWriting, O_RDONLY}}}});

const Group kWriteFiles = {
    "writes files",
    calls({"copy_file_range", "fallocate", "fchmod", "fchmodat", "fdatasync", "flock", "fsync",
           "ftruncate", "link", "linkat", "mkdir", "mkdirat", "msync", "open", "openat", "pwrite64",
           "pwritev", "rename", "renameat", "renameat2", "rmdir", "sendfile", "symlink",
           "symlinkat", "sync_file_range", "truncate", "umask", "unlink", "unlinkat", "utimensat",
           "chmod"})};

// busybox opens /dev/null so; Landlock and the files' modes leave it nothing else.
const Group kOverwrite = {"opens for writing what exists",
                          {{"open", {{1, O_CREAT | O_TRUNC, 0}}},
                           {"openat", {{2, O_CREAT | O_TRUNC, 0}}}}};

const Group kGiveFiles = {"gives files away", calls({"chown", "fchown", "fchownat", "lchown"})};

// What blkid asks for; anything else it takes for an old kernel.
const Group kAskDisks = {"asks disks",
                         {{"ioctl", {{1, kInt, 0x80081272}}},   // BLKGETSIZE64
                          {"ioctl", {{1, kInt, 0x1268}}},       // BLKSSZGET
                          {"ioctl", {{1, kInt, 0x1278}}},       // BLKIOMIN
                          {"ioctl", {{1, kInt, 0x1279}}}}};     // BLKIOOPT

const Group kMount = {"mounts", calls({"mount", "umount2"})};
const Group kSignals = {"sends signals", calls({"kill"})};

const Group kThreads = {"threads",
                        {{"clone", {{0, CLONE_THREAD | kNamespaces, CLONE_THREAD}}},
                         {"sched_setaffinity", {}},
                         {"prctl", {{0, kInt, 15}}}}};  // PR_SET_NAME

/// Starts programs, and what those do before they are held to a profile of their own: filters add
/// up, so that one who starts them must allow it. Without capabilities no user can be changed.
const Group kPrograms = {
    "starts programs",
    {{"clone", {{0, kNamespaces, 0}}},
     {"fork", {}},       {"vfork", {}},      {"execve", {}},    {"wait4", {}},
     {"waitid", {}},     {"kill", {}},       {"pipe", {}},      {"pipe2", {}},
     {"dup2", {}},       {"dup3", {}},       {"setpgid", {}},   {"setsid", {}},
     {"setuid", {}},     {"setgid", {}},
     {"getpgrp", {}},    {"getsid", {}},     {"alarm", {}},     {"setitimer", {}},
     {"close_range", {}}, {"chdir", {}},     {"prctl", {}},     {"arch_prctl", {}},
     {"setrlimit", {}},  {"capget", {}},     {"capset", {}},    {"setgroups", {}},
     {"setresgid", {}},  {"setresuid", {}},  {"seccomp", {}},   {"landlock_create_ruleset", {}},
     {"landlock_add_rule", {}}, {"landlock_restrict_self", {}}, {"socketpair", {}},
     {"getgroups", {}}}};

/// On sockets that it has.
const Group kTalk = {
    "talks on sockets",
    calls({"accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt",
           "listen", "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto",
           "setsockopt", "shutdown"})};

// FIONREAD, FIONBIO, SIOCGIFCONF, SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFMTU, SIOCGIFINDEX.
const Group kIp = {"IP sockets",
                   {socket_of(AF_INET), socket_of(AF_INET6), socket_of(AF_NETLINK),
                    {"ioctl", {{1, kInt, 0x541b}}}, {"ioctl", {{1, kInt, 0x5421}}},
                    {"ioctl", {{1, kInt, 0x8912}}}, {"ioctl", {{1, kInt, 0x8913}}},
                    {"ioctl", {{1, kInt, 0x8915}}}, {"ioctl", {{1, kInt, 0x8921}}},
                    {"ioctl", {{1, kInt, 0x8933}}}}};
const Group kLocal = {"local sockets", {socket_of(AF_UNIX)}};

// SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFHWADDR, SIOCGIFINDEX.
const Group kPackets = {"packet sockets",
                        {socket_of(AF_PACKET), socket_of(AF_INET),
                         {"ioctl", {{1, kInt, 0x8913}}}, {"ioctl", {{1, kInt, 0x8915}}},
                         {"ioctl", {{1, kInt, 0x8927}}}, {"ioctl", {{1, kInt, 0x8933}}}}};

const Group kWatch = {"watches folders",
                      calls({"inotify_add_watch", "inotify_init1", "inotify_rm_watch", "signalfd4",
                             "timerfd_create", "timerfd_settime"})};
const Group kTimers = {"timers", calls({"alarm", "timerfd_create", "timerfd_settime"})};

/// Nobody but PID 1 may jump into another kernel.
constexpr const char* kKexec[] = {"kexec_load", "kexec_file_load"};
/// What would get round that: another process's memory, code in the kernel.
constexpr const char* kReachOthers[] = {"ptrace", "process_vm_readv", "process_vm_writev", "bpf",
                                        "userfaultfd", "perf_event_open"};
constexpr const char* kOtherAttacks[] = {
    "init_module", "finit_module", "delete_module", "mount", "umount2", "pivot_root", "chroot",
    "move_mount", "open_tree", "fsopen", "fsmount", "fsconfig", "fspick", "mount_setattr",
    "unshare", "setns", "reboot", "swapon", "swapoff", "iopl", "ioperm", "modify_ldt", "add_key",
    "keyctl", "request_key", "open_by_handle_at", "name_to_handle_at", "acct", "quotactl",
    "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname",
    "personality", "syslog", "vhangup", "kcmp", "pidfd_getfd", "process_madvise", "lookup_dcookie"};

}  // namespace

std::vector<const Group*> groups_of(Profile profile) {
  switch (profile) {
    case Profile::kNone:
    case Profile::kRescue:
      return {};
    case Profile::kReader:
      return {&kBase, &kNoNewCode, &kReadFiles};
    case Profile::kDiskProbe:
      return {&kBase, &kNoNewCode, &kReadFiles, &kAskDisks};
    case Profile::kKeeper:
      return {&kBase, &kNoNewCode, &kReadFiles, &kWriteFiles};
    case Profile::kMounter:
      return {&kBase, &kNoNewCode, &kReadFiles, &kWriteFiles, &kGiveFiles, &kMount};
    case Profile::kEnder:
      return {&kBase, &kNoNewCode, &kReadFiles, &kSignals};
    case Profile::kDhcp:
      return {&kBase, &kLoadCode, &kReadFiles, &kOverwrite, &kPrograms, &kTalk, &kPackets};
    case Profile::kFetcher:
      return {&kBase, &kLoadCode, &kReadFiles, &kWriteFiles, &kThreads, &kPrograms, &kTalk, &kIp};
    case Profile::kLan:
      return {&kBase, &kNoNewCode, &kTimers, &kTalk, &kIp};
    case Profile::kLanBus:
      return {&kBase, &kNoNewCode, &kTimers, &kTalk, &kLocal};
    case Profile::kProvider:
      return {&kBase,    &kLoadCode, &kReadFiles, &kWriteFiles, &kThreads,
              &kPrograms, &kTalk,    &kIp,        &kLocal,      &kWatch};
  }
  return {};
}

std::vector<std::string> attack_calls(Profile profile) {
  std::vector<std::string> attacks(std::begin(kKexec), std::end(kKexec));
  attacks.insert(attacks.end(), std::begin(kReachOthers), std::end(kReachOthers));
  if (profile == Profile::kRescue) return attacks;
  attacks.insert(attacks.end(), std::begin(kOtherAttacks), std::end(kOtherAttacks));
  std::set<std::string> allowed;
  for (const Group* group : groups_of(profile)) {
    for (const Rule& rule : group->rules) allowed.insert(rule.call);
  }
  std::erase_if(attacks, [&](const std::string& call) { return allowed.contains(call); });
  return attacks;
}

}  // namespace phase::confine
