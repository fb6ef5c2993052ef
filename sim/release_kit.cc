#include "sim/release_kit.h"

#include <regex>

namespace phase::sim {
namespace {

using Making = Result<std::unique_ptr<Process>>;

Making begin_initramfs(Shell& shell, const ReleaseKit& kit, const std::string& role,
                       const std::string& out) {
  return shell.start("", {"phase-mkinitramfs", "--kernel", kit.kernel.package, "--arch", "x86_64",
                          "--trust", kit.public_key, "--role", role, "-o", out});
}

Result<void> end_initramfs(Shell& shell, Making& making, const std::string& role) {
  if (!making) return making.error();
  auto status = shell.await_end(**making, "the initramfs for the role " + role + " is packed",
                                std::chrono::minutes(3));
  if (!status) return status.error();
  return {};
}

}  // namespace

Result<std::string> make_key(Shell& shell, const std::string& folder) {
  auto printed = shell.run("", {"plasmd", "keygen", "--out", folder});
  if (!printed) return printed.error();
  std::smatch match;
  if (!std::regex_search(*printed, match, std::regex("\\b([0-9a-f]{64})\\b"))) {
    return Error{ErrorCode::kInternal, "plasmd keygen printed no public key: " + *printed};
  }
  return match[1].str();
}

ReleaseKit kit_in(const std::string& folder) {
  ReleaseKit kit;
  kit.secret_key = folder + "/key/secret.key";
  kit.client_initramfs = folder + "/client.cpio";
  kit.node_initramfs = folder + "/node.cpio";
  return kit;
}

Result<ReleaseKit> make_release_kit(Shell& shell, const std::string& package,
                                    const std::string& folder) {
  ReleaseKit kit = kit_in(folder);
  auto kernel = unpack_kernel(package, folder + "/kernel");
  if (!kernel) return kernel.error();
  kit.kernel = *kernel;
  auto key = make_key(shell, folder + "/key");
  if (!key) return key.error();
  kit.public_key = *key;
  // Side by side: packing is most of the time, and there are two cores.
  auto client = begin_initramfs(shell, kit, "client", kit.client_initramfs);
  auto node = begin_initramfs(shell, kit, "node", kit.node_initramfs);
  auto client_done = end_initramfs(shell, client, "client");
  if (!client_done) return client_done.error();
  auto node_done = end_initramfs(shell, node, "node");
  if (!node_done) return node_done.error();
  return kit;
}

}  // namespace phase::sim
