#include "initramfs/program_set.h"

#include <filesystem>

namespace phase::initramfs {

std::vector<WantedProgram> wanted_programs(InitRole role) {
  std::vector<WantedProgram> out{
      {"phase-init", "/init", {}, {}},
      {"phase-net", "/sbin/phase-net", {}, {}},
      {"phase-dhcp-hook", "/sbin/phase-dhcp-hook", {}, {}},
      {"phase-lan", "/sbin/phase-lan", {}, {}},
      {"busybox", "/bin/busybox", {"/bin", "/usr/bin"}, "busybox-static"},
  };
  if (role == InitRole::kNode) out.push_back({"plasmd", "/sbin/plasmd", {}, {}});
  return out;
}

Result<std::string> find_program(const WantedProgram& wanted, const std::string& folder) {
  std::vector<std::string> folders{folder};
  folders.insert(folders.end(), wanted.hosts.begin(), wanted.hosts.end());
  std::string looked;
  for (const std::string& place : folders) {
    const std::string path = place + "/" + wanted.name;
    std::error_code failed;
    if (std::filesystem::is_regular_file(path, failed)) return path;
    looked += (looked.empty() ? "" : ", ") + place;
  }
  const std::string remedy = wanted.package.empty() ? "build it, or name its folder with --programs"
                                                    : "install the package " + wanted.package;
  return {ErrorCode::kNotFound, wanted.name + ": is not in " + looked + "; " + remedy};
}

}  // namespace phase::initramfs
