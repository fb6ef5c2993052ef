#include "node/stage.h"

#include <algorithm>
#include <set>

#include "node/device_tree_name.h"
#include "node/initramfs_size.h"
#include "node/kernel_image.h"
#include "node/mapped_file.h"
#include "node/seal.h"
#include "proto/names.h"

namespace phase::node {
namespace {

struct Input {
  Role role;
  std::string from;  ///< The operator's path.
  std::string name;  ///< In the release.
};

Result<std::vector<Input>> inputs_of(const PublishOptions& options) {
  if (options.kernel.empty() || options.initramfs.empty())
    return {ErrorCode::kUsage, "a release needs --kernel FILE and --initramfs FILE"};
  std::vector<Input> inputs{{Role::kKernel, options.kernel, "kernel"},
                            {Role::kInitramfs, options.initramfs, "initramfs"}};
  if (!options.rootfs.empty()) inputs.push_back({Role::kRootfs, options.rootfs, "rootfs"});
  std::set<std::string> names;
  for (const auto& path : options.device_trees) {
    const auto name = "dtbs/" + path.substr(path.find_last_of('/') + 1);
    if (!valid_artifact_name(name))
      return {ErrorCode::kUsage, path + ": its name has characters that a release cannot hold; "
                                        "use letters, digits, '.', '_' and '-'"};
    if (!names.insert(name).second)
      return {ErrorCode::kUsage, path + ": two device trees have this name"};
    inputs.push_back({Role::kDeviceTree, path, name});
  }
  return inputs;
}

/// What the manifest says about one artifact's inside.
Result<void> look_inside(const Input& input, const std::string& copy, const std::string& arch,
                         Manifest& manifest, Artifact& artifact) {
  if (input.role == Role::kKernel) {
    auto kernel = check_kernel(copy, arch);
    if (!kernel) return kernel.error();
    manifest.kernel_memory = kernel->memory;
    manifest.kernel_release = kernel->release;
  } else if (input.role == Role::kInitramfs) {
    const auto unpacked = initramfs_unpacked(copy);
    if (!unpacked) return unpacked.error();
    manifest.initramfs_unpacked = *unpacked;
  } else if (input.role == Role::kDeviceTree) {
    const auto blob = MappedFile::open(copy);
    if (!blob) return blob.error();
    auto machine = device_tree_machine(blob->bytes());
    if (!machine) return machine.error();
    artifact.compatible = *machine;
  }
  return {};
}

Result<void> take_inputs(Files& files, const std::vector<Input>& inputs,
                         const std::string& staging, Manifest& manifest) {
  bool folder_made = false;
  for (const auto& input : inputs) {
    if (input.role == Role::kDeviceTree && !folder_made) {
      if (auto done = files.make_folder(staging + "/dtbs"); !done) return done;
      folder_made = true;
    }
    const auto copy = staging + "/" + input.name;
    if (auto done = files.copy_file(input.from, copy); !done) return done;
    Artifact artifact;
    artifact.role = input.role;
    artifact.name = input.name;
    if (auto good = look_inside(input, copy, manifest.arch, manifest, artifact); !good)
      return good.error().in(input.from);
    const auto digest = files.digest(copy);
    if (!digest) return digest.error();
    artifact.size = digest->size;
    artifact.sha256 = digest->sha256;
    artifact.pieces_root = digest->pieces_root;
    manifest.artifacts.push_back(std::move(artifact));
  }
  return {};
}

}  // namespace

Result<Manifest> begin_manifest(const Clock& clock, const PublishOptions& options) {
  const auto channel = check_channel(options.channel);
  if (!channel) return channel.error();
  const auto arch = normalise_arch(options.arch);
  if (!arch) return arch.error();
  if (const auto inputs = inputs_of(options); !inputs) return inputs.error();
  Manifest manifest;
  manifest.channel = *channel;
  manifest.arch = *arch;
  manifest.created = clock.wall();
  if (options.lifetime != 0)
    manifest.expires = WallTime{manifest.created.seconds + options.lifetime};
  manifest.cmdline = options.cmdline;
  manifest.min_memory = options.min_memory;
  return manifest;
}

Result<void> stage_artifacts(Files& files, const PublishOptions& options, const std::string& staging,
                             Manifest& manifest) {
  const auto inputs = inputs_of(options);
  if (!inputs) return inputs.error();
  auto taken = take_inputs(files, *inputs, staging, manifest);
  if (!taken) (void)files.remove_tree(staging);  // the next publishing does it otherwise
  return taken;
}

Result<void> check_staged(const Files& files, const std::string& staging,
                          const Manifest& manifest) {
  for (const auto& artifact : manifest.artifacts) {
    const auto path = staging + "/" + artifact.name;
    const auto digest = files.digest(path);
    if (!digest) return digest.error();
    if (digest->size != artifact.size || digest->sha256 != artifact.sha256 ||
        digest->pieces_root != artifact.pieces_root)
      return {ErrorCode::kAltered, path + ": is not what was signed"};
  }
  return {};
}

}  // namespace phase::node
