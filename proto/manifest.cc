#include "proto/manifest.h"

#include <algorithm>
#include <utility>

#include "phase.pb.h"
#include "proto/manifest_rules.h"

namespace phase {
namespace {

constexpr std::uint32_t kFormat = 1;

Error malformed(const std::string& detail) {
  return {ErrorCode::kMalformed, "manifest: " + detail};
}

wire::Manifest to_wire(const Manifest& manifest) {
  wire::Manifest out;
  out.set_format(kFormat);
  out.set_channel(manifest.channel);
  out.set_arch(manifest.arch);
  out.set_release_version(manifest.release_version);
  out.set_created(manifest.created.seconds);
  out.set_expires(manifest.expires.seconds);
  for (const Artifact& artifact : manifest.artifacts) {
    wire::Artifact* entry = out.add_artifacts();
    entry->set_role(static_cast<wire::Artifact::Role>(artifact.role));
    entry->set_name(artifact.name);
    entry->set_size(artifact.size);
    entry->set_sha256(artifact.sha256.data(), artifact.sha256.size());
    entry->set_pieces_root(artifact.pieces_root.data(), artifact.pieces_root.size());
    entry->set_compatible(artifact.compatible);
  }
  out.set_cmdline(manifest.cmdline);
  out.set_kernel_release(manifest.kernel_release);
  out.set_kernel_memory(manifest.kernel_memory);
  out.set_initramfs_unpacked(manifest.initramfs_unpacked);
  out.set_min_memory(manifest.min_memory);
  return out;
}

Result<Artifact> from_wire(const wire::Artifact& entry) {
  const int role = entry.role();
  if (role < static_cast<int>(Role::kKernel) || role > static_cast<int>(Role::kDeviceTree)) {
    return malformed("an artifact has an unknown role");
  }
  const auto hash = exactly<32>(as_bytes(entry.sha256()));
  const auto root = exactly<32>(as_bytes(entry.pieces_root()));
  if (!hash || !root) return malformed("a hash of an artifact is not 32 bytes");
  Artifact artifact;
  artifact.role = static_cast<Role>(role);
  artifact.name = entry.name();
  artifact.size = entry.size();
  artifact.sha256 = *hash;
  artifact.pieces_root = *root;
  artifact.compatible = entry.compatible();
  return artifact;
}

Result<Manifest> from_wire(const wire::Manifest& in) {
  if (in.format() != kFormat) {
    return malformed("format " + std::to_string(in.format()) + ", this program knows format 1");
  }
  Manifest manifest;
  manifest.channel = in.channel();
  manifest.arch = in.arch();
  manifest.release_version = in.release_version();
  manifest.created = WallTime{in.created()};
  manifest.expires = WallTime{in.expires()};
  for (const wire::Artifact& entry : in.artifacts()) {
    Result<Artifact> artifact = from_wire(entry);
    if (!artifact) return artifact.error();
    manifest.artifacts.push_back(*std::move(artifact));
  }
  manifest.cmdline = in.cmdline();
  manifest.kernel_release = in.kernel_release();
  manifest.kernel_memory = in.kernel_memory();
  manifest.initramfs_unpacked = in.initramfs_unpacked();
  manifest.min_memory = in.min_memory();
  return manifest;
}

}  // namespace

const char* role_name(Role role) {
  switch (role) {
    case Role::kKernel:
      return "kernel";
    case Role::kInitramfs:
      return "initramfs";
    case Role::kRootfs:
      return "rootfs";
    case Role::kDeviceTree:
      return "device-tree";
  }
  return "unknown";
}

const Artifact* Manifest::find(Role role) const {
  const auto found = std::find_if(artifacts.begin(), artifacts.end(),
                                  [&](const Artifact& artifact) { return artifact.role == role; });
  return found == artifacts.end() ? nullptr : &*found;
}

std::uint64_t Manifest::total_bytes() const {
  std::uint64_t total = 0;
  for (const Artifact& artifact : artifacts) total += artifact.size;
  return total;
}

Result<Bytes> encode_manifest(const Manifest& manifest) {
  if (const auto rule = broken_rule(manifest)) return {ErrorCode::kUsage, "manifest: " + *rule};
  const std::string text = to_wire(manifest).SerializeAsString();
  if (text.size() > kMaxManifestBytes) {
    return {ErrorCode::kUsage, "manifest: over " + std::to_string(kMaxManifestBytes) + " bytes"};
  }
  return Bytes(text.begin(), text.end());
}

Result<Manifest> decode_manifest(ByteView payload) {
  if (payload.size() > kMaxManifestBytes) {
    return malformed("over " + std::to_string(kMaxManifestBytes) + " bytes");
  }
  wire::Manifest in;
  if (!in.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return malformed("cannot be decoded");
  }
  Result<Manifest> manifest = from_wire(in);
  if (!manifest) return manifest;
  if (const auto rule = broken_rule(*manifest)) return malformed(*rule);
  // Two encodings of one manifest would be two releases with the same content; and the fresh
  // message has none of the fields that this program does not know.
  if (to_wire(*manifest).SerializeAsString() != as_text(payload)) {
    return malformed("unknown fields, or not in canonical encoding");
  }
  return manifest;
}

}  // namespace phase
