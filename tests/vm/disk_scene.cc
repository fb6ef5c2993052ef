#include "disk_scene.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "boot/init/identities.h"
#include "boot/machine/cache_disk.h"
#include "sim/command.h"

namespace phase::sim {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kCacheMib = 160;
constexpr std::size_t kArtifactBytes = 64 * 1024;

}  // namespace

std::string DiskScene::make_cache(bool with_release) {
  static int made = 0;
  const std::string folder = scratch() + "/cache" + std::to_string(++made);
  fs::create_directories(folder);
  (void)must(shell().run("router", {"plasmd", "cache", "init", folder}));
  if (with_release) {
    (void)must(shell().run(
        "router", {"plasmd", "fetch", "--trust", kit().public_key, "--channel", kChannel, "--arch",
                   kArch, "--out", folder + "-out", "--cache", folder, "--no-dht", "--no-lan",
                   "--provider", "http://10.77.2.1:8080"}));
  }
  const std::string owner = std::to_string(boot::kCacheUid);
  must(run_commands({{"chown", "-R", owner + ":" + owner, folder}}));
  return folder;
}

Disk DiskScene::make_disk(const std::string& name, const std::string& cache) {
  const std::string foreign = scratch() + "/foreign";
  fs::create_directories(foreign + "/documents");
  std::ofstream(foreign + "/documents/letter") << std::string(100'000, 'x');
  // It has the marker's name in it too: what names itself a cache is the partition.
  std::ofstream(foreign + "/" + boot::kCacheMarker) << "mine\n";
  return must(Disk::create(
      scratch() + "/" + name,
      {{"EFI", "EF00", 40, FileSystem::kVfat, foreign},
       {boot::kCachePartitionName, boot::kCachePartitionType, kCacheMib, FileSystem::kExt4, cache},
       {"home", "8300", 40, FileSystem::kExt4, foreign}}));
}

std::vector<std::string> DiskScene::artifacts(const Disk& disk) {
  std::vector<std::pair<std::size_t, std::string>> sizes;
  for (const auto& path : must(disk.files(kCachePartition))) {
    const auto size = must(disk.read_file(kCachePartition, path)).size();
    if (size >= kArtifactBytes) sizes.emplace_back(size, path);
  }
  std::sort(sizes.rbegin(), sizes.rend());
  std::vector<std::string> paths;
  for (const auto& [size, path] : sizes) paths.push_back(path);
  return paths;
}

std::unique_ptr<Machine> DiskScene::power_on_alone(const Disk& disk, const std::string& words) {
  PowerOnChoice choice;
  choice.nic = false;
  choice.disks = {{disk.path(), "", false}};
  choice.more_command_line = words;
  return power_on_once(std::move(choice));
}

}  // namespace phase::sim
