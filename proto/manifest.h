// proto/manifest.h
// The manifest of a release: what is booted, exactly. Decoding checks every limit and every
// rule that needs no policy; proto/trust.h holds the rest.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/bytes.h"
#include "proto/hash.h"
#include "proto/ports.h"
#include "proto/result.h"

namespace phase {

inline constexpr std::size_t kMaxManifestBytes = std::size_t{64} * 1024;       ///< The payload.
inline constexpr std::size_t kMaxArtifacts = 256;
inline constexpr std::uint64_t kMaxArtifactBytes = 64ULL << 30;
inline constexpr std::size_t kMaxCmdline = 2047;                   ///< x86 COMMAND_LINE_SIZE less NUL.

enum class Role : std::uint8_t { kKernel = 1, kInitramfs = 2, kRootfs = 3, kDeviceTree = 4 };
[[nodiscard]] const char* role_name(Role role);

struct Artifact {
  Role role = Role::kKernel;
  std::string name;        ///< Path in the release: "kernel", "initramfs", "rootfs", "dtbs/…".
  std::uint64_t size = 0;  ///< Bytes.
  Sha256 sha256{};
  Sha256 pieces_root{};    ///< BEP 52 root.
  std::string compatible;  ///< Device trees only.
};

struct Manifest {
  std::string channel;
  std::string arch;                     ///< Normalised.
  std::uint64_t release_version = 0;    ///< Never 0.
  WallTime created;
  WallTime expires;                     ///< seconds == 0: never.
  std::vector<Artifact> artifacts;      ///< Names distinct; exactly one kernel, one initramfs.
  std::string cmdline;                  ///< Printable ASCII, no quotes left open.
  std::string kernel_release;
  std::uint64_t kernel_memory = 0;      ///< Bytes that the kernel needs to start.
  std::uint64_t initramfs_unpacked = 0; ///< Bytes.
  std::uint64_t min_memory = 0;         ///< Bytes of MemTotal; 0: no word on it.

  [[nodiscard]] const Artifact* find(Role role) const;
  [[nodiscard]] std::uint64_t total_bytes() const;
};

/// Deterministic; the payload that is signed. kUsage names the first rule that `manifest` breaks.
[[nodiscard]] Result<Bytes> encode_manifest(const Manifest& manifest);
/// `payload` comes out of verify_envelope(). kMalformed names the rule that was broken.
[[nodiscard]] Result<Manifest> decode_manifest(ByteView payload);

/// For people: pretty-printed JSON, unsigned.
[[nodiscard]] std::string manifest_json(const Manifest& manifest);

}  // namespace phase
