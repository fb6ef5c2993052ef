// boot/phase_folder.h
// What lies in /phase of a system that was booted, by name: what PID 1 hands over and `plasmd serve
// --handed-over` reads. Format page: docs/HANDOVER.md.
#pragma once

#include <cstddef>

namespace phase::boot {

inline constexpr const char* kHandoverFolder = "/phase";

inline constexpr const char* kReportName = "report.json";
inline constexpr const char* kBootName = "boot.json";
inline constexpr const char* kTrustName = "trust.toml";
inline constexpr const char* kRootfsName = "rootfs";
inline constexpr const char* kTorrentName = "release.torrent";
/// The pointer's items as found, each with its signature: encode_items().
inline constexpr const char* kPointerName = "pointer";
/// DHT nodes that answered, one ADDRESS:PORT a line.
inline constexpr const char* kNodesName = "nodes";
/// The files of the release, by their names in its torrent.
inline constexpr const char* kReleaseName = "release";

/// A .torrent larger than this is not handed over.
inline constexpr std::size_t kMaxTorrentBytes = std::size_t{4} << 20;
inline constexpr std::size_t kMaxPointerFileBytes = std::size_t{8} * 1024;
inline constexpr std::size_t kMaxNodesFileBytes = std::size_t{8} * 1024;

}  // namespace phase::boot
