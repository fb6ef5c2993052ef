// boot/init/node_plan.h
// What the node role does with what the boot before handed over. boot.json and report.json are
// parsed in a child without privileges; PID 1 gets back two texts of fixed format.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "boot/mode_policy.h"
#include "proto/result.h"

namespace phase::boot {

struct NodePlan {
  Mode mode = Mode::kInternet;         ///< Of the boot that led here.
  std::string report_line;             ///< PHASE-REPORT of this system: "stage":"up". May be empty.
  std::string follow;                  ///< KEY/CHANNEL/ARCH.
  std::vector<std::string> bootstrap;  ///< HOST:PORT each.
  bool handed_over = false;            ///< What is in the folder is served from there.
};

/// The child's work: both texts as read from `folder` (/phase). kMalformed, kNotFound.
[[nodiscard]] Result<NodePlan> make_node_plan(const std::string& folder,
                                              const std::string& kernel_release);

/// The same in a child of number `uid`; kNotFound where nothing was handed over.
[[nodiscard]] Result<NodePlan> read_node_plan(const std::string& folder,
                                              const std::string& kernel_release, uid_t uid);

/// plasmd's arguments; for a mode whose policy has serve_next.
[[nodiscard]] std::vector<std::string> node_arguments(const NodePlan& plan);

}  // namespace phase::boot
