#include "sim/kernel_package.h"

#include <filesystem>

#include "sim/command.h"

namespace phase::sim {

Result<KernelPackage> unpack_kernel(const std::string& package, const std::string& folder) {
  std::error_code error;
  if (!std::filesystem::exists(package, error)) {
    return Error{ErrorCode::kNotFound, package + ": no such kernel package; deploy/get-kernel.sh "
                                                 "downloads it"};
  }
  auto unpacked = run_command({"dpkg-deb", "--extract", package, folder});
  if (!unpacked) return unpacked.error();
  return find_kernel(package, folder);
}

Result<KernelPackage> find_kernel(const std::string& package, const std::string& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/boot", error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("vmlinuz-")) {
      return KernelPackage{package, entry.path().string(), name.substr(8)};
    }
  }
  return Error{ErrorCode::kNotFound, package + ": no boot/vmlinuz-* in it"};
}

}  // namespace phase::sim
