// Goal: the filters that are compiled for the other architecture decide as the rules say, though no
// machine of that kind runs this test. Method: an interpreter of the kernel's BPF runs both tables.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

#include "proto/confine/filters.h"

namespace phase::confine {
namespace {

constexpr std::uint32_t kRefused = SECCOMP_RET_ERRNO | ENOSYS;

/// The instructions that a seccomp filter may have and libseccomp uses (Linux
/// Documentation/networking/filter.rst); 0xdead for any other.
std::uint32_t run(std::span<const sock_filter> program, const seccomp_data& data) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& one = program[at];
    const auto jump = [&](bool taken) { at += taken ? one.jt : one.jf; };
    switch (one.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&data) + one.k, 4);
        break;
      case BPF_ALU | BPF_AND | BPF_K: accumulator &= one.k; break;
      case BPF_JMP | BPF_JA: at += one.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: jump(accumulator == one.k); break;
      case BPF_JMP | BPF_JGT | BPF_K: jump(accumulator > one.k); break;
      case BPF_JMP | BPF_JGE | BPF_K: jump(accumulator >= one.k); break;
      case BPF_RET | BPF_K: return one.k;
      default: return 0xdead;
    }
  }
  return 0xdead;
}

struct Machine {
  const char* name;
  std::uint32_t arch;
  std::span<const sock_filter> (*filter)(Profile);
  // Numbers of Linux's own tables for it.
  int kexec_load, kexec_file_load, finit_module, ptrace, mount, openat, socket, read, execve;
};
const Machine kMachines[] = {
    {"x86_64", AUDIT_ARCH_X86_64, filter_x86_64, 246, 320, 313, 101, 165, 257, 41, 0, 59},
    {"aarch64", AUDIT_ARCH_AARCH64, filter_aarch64, 104, 294, 273, 117, 40, 56, 198, 63, 221}};

std::uint32_t decide(const Machine& machine, Profile profile, int call,
                     std::vector<std::uint64_t> arguments = {}) {
  seccomp_data data{};
  data.nr = call;
  data.arch = machine.arch;
  for (std::size_t i = 0; i < arguments.size(); ++i) data.args[i] = arguments[i];
  return run(machine.filter(profile), data);
}

TEST(Compiled, DecidesTheSameOnEveryArchitecture) {
  for (const Machine& machine : kMachines) {
    SCOPED_TRACE(machine.name);
    for (const Profile profile : kProfiles) {
      SCOPED_TRACE(profile_name(profile));
      for (const int call : {machine.kexec_load, machine.kexec_file_load, machine.ptrace}) {
        EXPECT_EQ(decide(machine, profile, call), SECCOMP_RET_KILL_PROCESS) << call;
      }
      EXPECT_EQ(decide(machine, profile, machine.read), SECCOMP_RET_ALLOW);
      if (profile == Profile::kRescue) continue;
      EXPECT_EQ(decide(machine, profile, machine.finit_module), SECCOMP_RET_KILL_PROCESS);
      EXPECT_EQ(decide(machine, profile, machine.mount),
                profile == Profile::kMounter ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS);
    }
  }
}

TEST(Compiled, LooksAtArgumentsOnEveryArchitecture) {
  for (const Machine& machine : kMachines) {
    SCOPED_TRACE(machine.name);
    const auto open = [&](Profile profile, std::uint64_t flags) {
      return decide(machine, profile, machine.openat, {0, 0, flags});
    };
    EXPECT_EQ(open(Profile::kReader, O_RDONLY | O_CLOEXEC), SECCOMP_RET_ALLOW);
    EXPECT_EQ(open(Profile::kReader, O_WRONLY), kRefused);
    EXPECT_EQ(open(Profile::kReader, O_RDWR), kRefused);
    EXPECT_EQ(open(Profile::kReader, O_RDONLY | O_CREAT), kRefused);
    EXPECT_EQ(open(Profile::kReader, O_RDONLY | O_TRUNC), kRefused);
    EXPECT_EQ(open(Profile::kKeeper, O_WRONLY | O_CREAT), SECCOMP_RET_ALLOW);
    const auto socket = [&](Profile profile, std::uint64_t family) {
      return decide(machine, profile, machine.socket, {family, 0, 0});
    };
    EXPECT_EQ(socket(Profile::kReader, 2), kRefused);
    EXPECT_EQ(socket(Profile::kFetcher, 2), SECCOMP_RET_ALLOW);
    EXPECT_EQ(socket(Profile::kFetcher, 17), kRefused);
    EXPECT_EQ(socket(Profile::kDhcp, 17), SECCOMP_RET_ALLOW);
    EXPECT_EQ(decide(machine, Profile::kReader, machine.execve), kRefused);
    EXPECT_EQ(decide(machine, Profile::kFetcher, machine.execve), SECCOMP_RET_ALLOW);
  }
}

TEST(Compiled, EndsWhoeverCallsByAnotherArchitecture) {
  for (const Machine& machine : kMachines) {
    seccomp_data data{};
    data.nr = machine.read;
    data.arch = AUDIT_ARCH_I386;
    for (const Profile profile : kProfiles) {
      EXPECT_EQ(run(machine.filter(profile), data), SECCOMP_RET_KILL_PROCESS) << machine.name;
    }
  }
}

}  // namespace
}  // namespace phase::confine
