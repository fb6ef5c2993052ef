#include "sim/scenario/run_release.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/world.h"

namespace phase::sim {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMadeKernelBytes = 32 << 10;

bool same_bytes(const std::string& a, const std::string& b) {
  std::ifstream one(a, std::ios::binary), other(b, std::ios::binary);
  if (!one || !other) return false;
  std::istreambuf_iterator<char> end;
  return std::equal(std::istreambuf_iterator<char>(one), end, std::istreambuf_iterator<char>(other), end);
}

Result<ReleaseKit> load_kit(const RunKernel& kernel) {
  ReleaseKit kit = kit_in(kernel.kit);
  std::ifstream(kernel.kit + "/public-key") >> kit.public_key;
  auto found = find_kernel(kernel.package, kernel.kit + "/kernel");
  if (!found) return found.error();
  kit.kernel = *found;
  return kit;
}

Result<ReleaseKit> real_kit(Shell& shell, const RunKernel& kernel, const std::string& folder) {
  if (kernel.package.empty()) {
    return Error{ErrorCode::kNotFound,
                 "this scenario boots a packaged kernel: give --kernel-package FILE.deb "
                 "(deploy/get-kernel.sh downloads it)"};
  }
  std::error_code error;
  if (!kernel.kit.empty() && fs::exists(kernel.kit + "/public-key", error)) return load_kit(kernel);
  return make_release_kit(shell, kernel.package, folder);
}

}  // namespace

Result<RunRelease> RunRelease::make(Shell& shell, const Scenario& scenario, const RunKernel& kernel,
                                    const std::string& folder, std::uint64_t rng_seed) {
  RunRelease release(folder);
  std::error_code error;
  fs::create_directories(folder, error);
  release.real_kernel_ = scenario.real_kernel;
  if (scenario.real_kernel) {
    auto kit = real_kit(shell, kernel, folder);
    if (!kit) return kit.error();
    release.kit_ = *kit;
    return release;
  }
  auto key = make_key(shell, folder + "/key");
  if (!key) return key.error();
  release.kit_.public_key = *key;
  release.kit_.secret_key = folder + "/key/secret.key";
  release.kit_.kernel.vmlinuz = folder + "/kernel";
  auto written = write_made_kernel(release.kit_.kernel.vmlinuz);
  if (!written) return written.error();
  const auto payload = scenario.image_bytes - std::min(scenario.image_bytes, kMadeKernelBytes);
  release.payload_.emplace(static_cast<std::size_t>(payload), rng_seed);
  return release;
}

Result<void> RunRelease::write_initramfs(const std::string& path, double changed) {
  if (payload_) {
    if (count_ > 1) payload_->change(changed);
    return payload_->write(path);
  }
  // A real one is not altered: an archive behind it, as the kernel takes several, makes the difference.
  std::error_code error;
  fs::copy_file(kit_.node_initramfs, path, fs::copy_options::overwrite_existing, error);
  if (error) return {ErrorCode::kStore, path + ": " + error.message()};
  if (count_ == 1) return {};
  const auto bytes = static_cast<double>(fs::file_size(path, error)) * changed;
  const MadePayload more(static_cast<std::size_t>(bytes), static_cast<std::uint64_t>(count_));
  const std::string behind = path + ".more";
  if (auto written = more.write(behind); !written) return written;
  std::ofstream out(path, std::ios::binary | std::ios::app);
  const auto size = fs::file_size(path, error);
  out << std::string((4 - size % 4) % 4, '\0') << std::ifstream(behind, std::ios::binary).rdbuf();
  out.close();
  fs::remove(behind, error);
  if (!out) return {ErrorCode::kStore, path + ": cannot be written"};
  return {};
}

Result<void> RunRelease::prepare_next(double changed) {
  ++count_;
  prepared_ = {kit_.kernel.vmlinuz, folder_ + "/initramfs-" + std::to_string(count_)};
  return write_initramfs(prepared_.initramfs, changed);
}

std::vector<std::string> RunRelease::publish_arguments(const std::string& store) const {
  return {"plasmd", "publish", "-a", store, "--secret-key", kit_.secret_key, "--channel", kChannel,
          "--arch", kArch, "--kernel", prepared_.kernel, "--initramfs", prepared_.initramfs,
          "--cmdline", "console=ttyS0 panic=30"};
}

std::vector<std::string> RunRelease::renew_arguments(const std::string& store) const {
  return {"plasmd", "publish", "-a", store, "--secret-key", kit_.secret_key, "--renew", "--channel",
          kChannel, "--expires", "2y"};
}

void RunRelease::published(std::uint64_t version) {
  files_[version] = prepared_;
  std::error_code error;
  image_bytes_ = fs::file_size(prepared_.kernel, error) + fs::file_size(prepared_.initramfs, error);
}

bool RunRelease::intact(std::uint64_t version, const std::string& folder) const {
  const auto files = files_.find(version);
  return files != files_.end() && same_bytes(files->second.kernel, folder + "/kernel") &&
         same_bytes(files->second.initramfs, folder + "/initramfs");
}

std::string RunRelease::follow() const {
  return kit_.public_key + "/" + kChannel + "/" + kArch;
}

}  // namespace phase::sim
