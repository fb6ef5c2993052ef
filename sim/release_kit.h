// sim/release_kit.h
// What a release and a machine are made of: the publisher's key, a packaged kernel, an initramfs
// for the machine that is switched on and one for the system that is published. Made once, used
// by many worlds.
#pragma once

#include <string>

#include "proto/result.h"
#include "sim/kernel_package.h"
#include "sim/shell.h"

namespace phase::sim {

struct ReleaseKit {
  std::string secret_key;        ///< File.
  std::string public_key;        ///< Hex.
  KernelPackage kernel;
  std::string client_initramfs;  ///< Finds, verifies and starts a release.
  std::string node_initramfs;    ///< Is a provider once it is up.
};

/// Where a kit in `folder` has its files; key and kernel are left out.
[[nodiscard]] ReleaseKit kit_in(const std::string& folder);

/// `plasmd keygen --out folder`: the public key in hex; the secret one lies in folder/secret.key.
[[nodiscard]] Result<std::string> make_key(Shell& shell, const std::string& folder);

/// Everything lands in `folder`. `package` is what deploy/get-kernel.sh downloaded.
[[nodiscard]] Result<ReleaseKit> make_release_kit(Shell& shell, const std::string& package,
                                                  const std::string& folder);

}  // namespace phase::sim
