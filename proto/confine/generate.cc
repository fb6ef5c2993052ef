// phase-make-filters: compiles the profiles of rules.h to BPF for one architecture, with
// libseccomp, when the project is built. So libseccomp is in no program that runs on a machine,
// and a cross build needs none of the target's.
//   phase-make-filters x86_64|aarch64 OUT.cc
#include <seccomp.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "proto/confine/rules.h"

namespace {

using phase::confine::Profile;

struct Instruction {  // struct sock_filter of linux/filter.h
  std::uint16_t code;
  std::uint8_t jump_true, jump_false;
  std::uint32_t operand;
};

[[noreturn]] void fail(const std::string& what, int error) {
  std::fprintf(stderr, "phase-make-filters: %s: %s\n", what.c_str(), std::strerror(-error));
  std::exit(1);
}

void must(int done, const std::string& what) {
  if (done < 0) fail(what, done);
}

class Filter {
 public:
  Filter(Profile profile, std::uint32_t arch)
      : arch_(arch),
        context_(seccomp_init(profile == Profile::kRescue
                                  ? SCMP_ACT_ALLOW
                                  : SCMP_ACT_ERRNO(static_cast<std::uint16_t>(ENOSYS)))) {
    if (context_ == nullptr) fail("seccomp_init", -ENOMEM);
    if (arch != seccomp_arch_native()) {
      must(seccomp_arch_add(context_, arch), "architecture");
      must(seccomp_arch_remove(context_, seccomp_arch_native()), "architecture");
    }
    must(seccomp_attr_set(context_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), "bad arch");
    // A binary tree: a call costs a handful of comparisons.
    must(seccomp_attr_set(context_, SCMP_FLTATR_CTL_OPTIMIZE, 2), "optimize");
  }
  ~Filter() { seccomp_release(context_); }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  void add(const phase::confine::Rule& rule) {
    std::vector<scmp_arg_cmp> comparisons;
    for (const auto& condition : rule.when) {
      comparisons.push_back({condition.argument, SCMP_CMP_MASKED_EQ, condition.mask, condition.value});
    }
    add(rule.call, SCMP_ACT_ALLOW, comparisons);
  }
  void kill(const std::string& call) { add(call, SCMP_ACT_KILL_PROCESS, {}); }

  std::vector<Instruction> compiled() {
    std::FILE* file = std::tmpfile();
    if (file == nullptr) fail("temporary file", -errno);
    must(seccomp_export_bpf(context_, fileno(file)), "export");
    std::rewind(file);
    std::vector<Instruction> program;
    Instruction one{};
    while (std::fread(&one, sizeof one, 1, file) == 1) program.push_back(one);
    std::fclose(file);
    return program;
  }

 private:
  void add(const std::string& call, std::uint32_t action,
           const std::vector<scmp_arg_cmp>& comparisons) {
    const int there = seccomp_syscall_resolve_name_arch(arch_, call.c_str());
    if (there == __NR_SCMP_ERROR) fail("no system call is named " + call, -EINVAL);
    if (there < 0) return;  // Not on this architecture: open, fork, alarm.
    // Rules are added by the number of the machine that compiles; libseccomp translates.
    const int number = seccomp_syscall_resolve_name(call.c_str());
    must(seccomp_rule_add_exact_array(context_, action, number,
                                      static_cast<unsigned>(comparisons.size()),
                                      comparisons.data()),
         call);
  }

  std::uint32_t arch_;
  scmp_filter_ctx context_;
};

std::vector<Instruction> compile(Profile profile, std::uint32_t arch) {
  Filter filter(profile, arch);
  for (const auto* group : phase::confine::groups_of(profile)) {
    for (const auto& rule : group->rules) filter.add(rule);
  }
  for (const auto& call : phase::confine::attack_calls(profile)) filter.kill(call);
  return filter.compiled();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: phase-make-filters x86_64|aarch64 OUT.cc\n");
    return 2;
  }
  const std::uint32_t arch = seccomp_arch_resolve_name(argv[1]);
  if (arch == 0) fail(argv[1], -EINVAL);
  std::ofstream out(argv[2]);
  out << "// Made by phase-make-filters of proto/confine/rules.cc.\n#include \"proto/confine/filters.h\"\n\n"
         "namespace phase::confine {\nnamespace {\n\n";
  for (const Profile profile : phase::confine::kProfiles) {
    out << "constexpr sock_filter k" << static_cast<int>(profile) << "[] = {  // "
        << phase::confine::profile_name(profile) << "\n";
    for (const Instruction& one : compile(profile, arch)) {
      out << "    {" << one.code << ", " << int{one.jump_true} << ", " << int{one.jump_false}
          << ", " << one.operand << "u},\n";
    }
    out << "};\n\n";
  }
  out << "}  // namespace\n\nstd::span<const sock_filter> filter_" << argv[1]
      << "(Profile profile) {\n  switch (profile) {\n    case Profile::kNone: return {};\n";
  for (const Profile profile : phase::confine::kProfiles) {
    out << "    case static_cast<Profile>(" << static_cast<int>(profile) << "): return k"
        << static_cast<int>(profile) << ";\n";
  }
  out << "  }\n  return {};\n}\n\n}  // namespace phase::confine\n";
  return out.flush() ? 0 : 1;
}
