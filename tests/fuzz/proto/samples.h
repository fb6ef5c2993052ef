// Documents that the targets of proto/ begin with. Their keys' seeds are fixed, and the fuzzer,
// which only mutates bytes, cannot sign with them.
#pragma once

#include "proto/envelope.h"
#include "proto/manifest.h"
#include "proto/trust.h"

namespace phase::fuzz {

inline SecretKey key(std::uint8_t number) {
  return *SecretKey::from_seed(Bytes(32, number));
}

inline Artifact artifact(Role role, std::string name) {
  Artifact out;
  out.role = role;
  out.size = 4096 + name.size();
  out.sha256 = sha256(as_bytes(name));
  out.pieces_root = out.sha256;
  out.name = std::move(name);
  return out;
}

inline Manifest manifest() {
  Manifest out;
  out.channel = "stable";
  out.arch = "x86_64";
  out.release_version = 7;
  out.created = WallTime{1767225600};
  out.artifacts = {artifact(Role::kKernel, "kernel"), artifact(Role::kInitramfs, "initramfs"),
                   artifact(Role::kRootfs, "rootfs"), artifact(Role::kDeviceTree, "dtbs/a.dtb")};
  out.artifacts[3].compatible = "acme,board";
  out.cmdline = "quiet root=\"LABEL=a b\"";
  out.kernel_release = "6.1.0-56-cloud-amd64";
  out.kernel_memory = 54'000'000;
  return out;
}

inline Bytes manifest_payload() {
  return *encode_manifest(manifest());
}

}  // namespace phase::fuzz
