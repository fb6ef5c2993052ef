// boot/machine/sysctl.h
// Which settings of the kernel keep a machine on its link (local mode) or from telling its MAC
// address (private mode), and writing them. What is written for "default" is what an interface
// that appears later begins with.
#pragma once

#include <string>
#include <vector>

#include "proto/result.h"

namespace phase::boot {

struct Sysctl {
  std::string path;  ///< Below /proc/sys.
  std::string value;
  bool optional =
      false;  ///< The kernel may have been built without it; its absence is what is wanted.
};

struct LinkRules {
  bool only_on_link = false;
  bool anonymous = false;
};

/// For the whole machine: what has no interface, and "all" and "default". Before any interface is
/// set up. Pure.
[[nodiscard]] std::vector<Sysctl> host_sysctls(const LinkRules& rules);
/// For one interface that is there already, before it is set up. Pure.
[[nodiscard]] std::vector<Sysctl> interface_sysctls(const LinkRules& rules,
                                                    const std::string& interface);

/// In order, up to the first that fails: kNetwork names it. Those of IPv6 are passed over where
/// the kernel has none of it.
[[nodiscard]] Result<void> write_sysctls(const std::vector<Sysctl>& settings,
                                         const std::string& root = "/proc/sys");

}  // namespace phase::boot
