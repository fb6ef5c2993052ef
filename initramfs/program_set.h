// initramfs/program_set.h
// Which programs an initramfs holds, by role, where they stand in it, and where they are found.
#pragma once

#include <string>
#include <vector>

#include "initramfs/system_files.h"
#include "proto/result.h"

namespace phase::initramfs {

struct WantedProgram {
  std::string name;
  std::string target;              ///< Absolute path in the archive.
  std::vector<std::string> hosts;  ///< Folders of this host where it may be besides.
  std::string package;             ///< Debian's, where it is none of ours.
};

[[nodiscard]] std::vector<WantedProgram> wanted_programs(InitRole role);

/// In `folder`, then in the host's. kNotFound says where it was looked for and what to install.
[[nodiscard]] Result<std::string> find_program(const WantedProgram& wanted,
                                               const std::string& folder);

}  // namespace phase::initramfs
