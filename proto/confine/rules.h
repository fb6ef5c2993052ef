// proto/confine/rules.h
// What each profile allows, by the names of system calls: data for the filter generator, for the
// documentation and for tests. No program of ours holds it; they hold the BPF made of it.
//
// Three answers: a call in the profile is made; one of attack_calls() ends the process (SIGSYS, the
// kernel logs an audit record), because no code of ours makes it and nothing harmless tries it;
// everything else fails with ENOSYS, as on a kernel that does not have it, so that a libc that
// probes for a newer call (clone3, faccessat2, openat2) falls back to the one that is allowed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/confine/profile.h"

namespace phase::confine {

/// The call is made where (argument & mask) == value holds for each of these.
struct Condition {
  unsigned argument;
  std::uint64_t mask, value;
};

struct Rule {
  const char* call;
  std::vector<Condition> when;
};

/// A set of calls that go together, under the name that the documentation gives it.
struct Group {
  const char* name;
  std::vector<Rule> rules;
};

/// Names of groups, in order; empty for kRescue, which allows all that is not an attack on it.
[[nodiscard]] std::vector<const Group*> groups_of(Profile profile);

/// What ends a process in `profile`. A call that a rule of the profile names is never among them.
[[nodiscard]] std::vector<std::string> attack_calls(Profile profile);

}  // namespace phase::confine
