// Goal: in each profile the kernel refuses what it must refuse and does what it must do. Method:
// processes that take on a profile and then make the calls, on the running kernel.
#include "proto/confine/seccomp.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <atomic>
#include <csignal>
#include <set>
#include <string>
#include <thread>

#include "tests/unit/proto/confine/in_child.h"

namespace phase::confine {
namespace {

using phase::test::held_to;

constexpr int kEnded = 128 + SIGSYS;

/// The error of a system call, 0 where it was made.
template <class... Arguments>
int tried(long number, Arguments... arguments) {
  return syscall(number, arguments...) < 0 ? errno : 0;
}

struct Attack {
  const char* name;
  long number;
};
// With these arguments none of them does anything, should the kernel take it.
const Attack kAttacks[] = {{"kexec_load", SYS_kexec_load},
                           {"kexec_file_load", SYS_kexec_file_load},
                           {"init_module", SYS_init_module},
                           {"finit_module", SYS_finit_module},
                           {"ptrace", SYS_ptrace},
                           {"bpf", SYS_bpf},
                           {"mount", SYS_mount},
                           {"reboot", SYS_reboot},
                           {"unshare", SYS_unshare},
                           {"setns", SYS_setns}};

bool may(Profile profile, const std::string& call) {
  if (profile == Profile::kMounter) return call == "mount";
  // A person may well load a driver, and end the machine.
  const std::set<std::string> never = {"kexec_load", "kexec_file_load", "ptrace", "bpf"};
  return profile == Profile::kRescue && !never.contains(call);
}

TEST(Seccomp, EndsWhoeverTriesWhatOnlyAnAttackTries) {
  for (const Profile profile : kProfiles) {
    for (const Attack& attack : kAttacks) {
      const int status = held_to(profile, [&] {
        (void)tried(attack.number, -1L, 0L, 0L, 0L, 0L);
        return 0;
      });
      EXPECT_EQ(status, may(profile, attack.name) ? 0 : kEnded)
          << profile_name(profile) << ": " << attack.name;
    }
  }
}

TEST(Seccomp, GivesSocketsOnlyToWhoTalks) {
  struct Family {
    int number;
    std::set<Profile> who;
  };
  const Family families[] = {
      {AF_INET, {Profile::kDhcp, Profile::kFetcher, Profile::kLan, Profile::kProvider, Profile::kRescue}},
      {AF_INET6, {Profile::kFetcher, Profile::kLan, Profile::kProvider, Profile::kRescue}},
      {AF_UNIX, {Profile::kLanBus, Profile::kProvider, Profile::kRescue}},
      {AF_VSOCK, {Profile::kRescue}}};
  for (const Profile profile : kProfiles) {
    for (const Family& family : families) {
      const int error = held_to(
          profile, [&] { return tried(SYS_socket, family.number, SOCK_STREAM, 0) == ENOSYS; });
      EXPECT_EQ(error, family.who.contains(profile) ? 0 : 1)
          << profile_name(profile) << ": family " << family.number;
    }
  }
}

TEST(Seccomp, OpensForWritingOnlyForWhoWrites) {
  const std::set<Profile> readers = {Profile::kReader, Profile::kDiskProbe, Profile::kEnder,
                                     Profile::kDhcp};
  const std::set<Profile> nothing = {Profile::kLan, Profile::kLanBus};
  const auto open_as = [](Profile profile, const char* path, int flags) {
    return held_to(profile, [=] { return tried(SYS_openat, AT_FDCWD, path, flags, 0600); });
  };
  for (const Profile profile : kProfiles) {
    const bool reads = !nothing.contains(profile);
    const bool writes = reads && !readers.contains(profile);
    EXPECT_EQ(open_as(profile, "/dev/null", O_RDONLY), reads ? 0 : ENOSYS)
        << profile_name(profile);
    // A folder cannot be opened so; the kernel's own answer shows that it was asked.
    EXPECT_EQ(open_as(profile, "/", O_WRONLY | O_CREAT), writes ? EISDIR : ENOSYS)
        << profile_name(profile);
    EXPECT_EQ(open_as(profile, "/dev/null", O_RDWR),
              writes || profile == Profile::kDhcp ? 0 : ENOSYS)
        << profile_name(profile);
  }
}

TEST(Seccomp, NeverOpensByACallWhoseFlagsItCannotSee) {
  for (const Profile profile : kProfiles) {
    if (profile == Profile::kRescue) continue;
    EXPECT_EQ(held_to(profile, [] { return tried(SYS_openat2, AT_FDCWD, "/", nullptr, 0L); }), ENOSYS);
    EXPECT_EQ(held_to(profile, [] { return tried(SYS_clone3, nullptr, 0L); }), ENOSYS);
    EXPECT_EQ(held_to(profile, [] { return tried(SYS_io_uring_setup, 1, nullptr); }), ENOSYS);
  }
}

TEST(Seccomp, StartsProgramsOnlyForWhoDoes) {
  const std::set<Profile> who = {Profile::kDhcp, Profile::kFetcher, Profile::kProvider,
                                 Profile::kRescue};
  for (const Profile profile : kProfiles) {
    const int status = held_to(profile, [] {
      char name[] = "true";
      char* const arguments[] = {name, nullptr};
      execv("/bin/true", arguments);
      return errno;
    });
    EXPECT_EQ(status, who.contains(profile) ? 0 : ENOSYS) << profile_name(profile);
  }
}

TEST(Seccomp, NeverHasMemoryThatIsWritableAndExecutable) {
  const auto map = [](int protection) {
    return mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  };
  for (const Profile profile : kProfiles) {
    if (profile == Profile::kRescue) continue;
    EXPECT_EQ(held_to(profile, [&] { return map(PROT_READ | PROT_WRITE) == MAP_FAILED; }), 0);
    EXPECT_EQ(held_to(profile,
                      [&] { return map(PROT_READ | PROT_WRITE | PROT_EXEC) == MAP_FAILED; }),
              1)
        << profile_name(profile);
  }
  EXPECT_EQ(held_to(Profile::kReader,
                    [&] {
                      return mprotect(map(PROT_READ | PROT_WRITE), 4096, PROT_READ | PROT_EXEC) != 0;
                    }),
            1);
}

TEST(Seccomp, LetsNobodyIntoANewNamespace) {
  for (const Profile profile : {Profile::kFetcher, Profile::kProvider, Profile::kDhcp}) {
    EXPECT_EQ(held_to(profile, [] { return tried(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0L); }), ENOSYS)
        << profile_name(profile);
  }
}

TEST(Seccomp, HoldsThreadsThatWereThereBefore) {
  const int error = test::in_child([] { return true; }, [] {
    std::atomic<bool> held = false;
    int seen = 0;
    std::thread other([&] {
      held.wait(false);
      seen = tried(SYS_socket, AF_VSOCK, SOCK_STREAM, 0);
    });
    if (!apply(Profile::kProvider)) return 1;
    held = true;
    held.notify_one();
    other.join();
    return seen;
  });
  EXPECT_EQ(error, ENOSYS);
}

#ifdef __x86_64__
// The same number means another call there.
TEST(Seccomp, EndsWhoeverCallsByAnotherArchitecture) {
  const int x32 = held_to(Profile::kProvider, [] { return tried(0x40000000 | SYS_getpid); });
  EXPECT_EQ(x32, kEnded);
  const int i386 = held_to(Profile::kProvider, [] {
    int result = 20;  // getpid
    asm volatile("int $0x80" : "+a"(result) : : "memory");
    return 0;
  });
  // A kernel without 32-bit programs raises a fault of its own.
  EXPECT_TRUE(i386 == kEnded || i386 == 128 + SIGSEGV) << i386;
}
#endif

TEST(Seccomp, IsInheritedAndOnlyEverTightened) {
  const int error = held_to(Profile::kReader, [] {
    // Not even the call that would add a filter.
    return apply(Profile::kProvider) ? 0 : errno;
  });
  EXPECT_EQ(error, ENOSYS);
  const int status = held_to(Profile::kProvider, [] {
    if (!apply(Profile::kLan)) return 1;
    return tried(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY) == ENOSYS ? 0 : 2;
  });
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace phase::confine
