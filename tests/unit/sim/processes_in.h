// tests/unit/sim/processes_in.h
// Who is in a namespace of the kernel, by /proc.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace phase::sim {

/// "net:[4026531840]"; empty where the process has ended. `kind`: a file of /proc/PID/ns.
inline std::string namespace_of(const std::string& pid, const char* kind) {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/" + pid + "/ns/" + kind, error).string();
}

inline std::vector<std::string> processes_in(const char* kind, const std::string& name) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string pid = entry.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (namespace_of(pid, kind) == name) out.push_back(pid);
  }
  return out;
}

}  // namespace phase::sim
