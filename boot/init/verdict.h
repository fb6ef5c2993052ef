// boot/init/verdict.h
// What the verifier tells PID 1 about a release: one message of a fixed text format, so that PID 1
// parses neither manifest nor JSON. Strict on both sides.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "boot/init/memory_contract.h"
#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::boot {

inline constexpr std::size_t kMaxVerdictBytes = 128 * 1024;
/// A release of more files is not handed over.
inline constexpr std::size_t kMaxReleaseFiles = 128;

struct VerdictFile {
  std::string name;        ///< In the release's folder; a valid artifact name.
  std::uint64_t size = 0;
};

struct Verdict {
  std::string folder;      ///< Of the release, one component.
  std::uint64_t version = 0;
  std::string channel, arch;
  std::string signed_by;
  VerdictFile kernel;
  VerdictFile initramfs;
  std::optional<VerdictFile> rootfs;
  Demand demand;
  std::string cmdline;     ///< As signed.
  std::uint64_t root_version = 0;  ///< Of the root that it was judged by …
  std::uint64_t root_counter = 0;  ///< … and the TPM counter that this root names.
  std::string root;        ///< Its document in base64; empty: it was never written.
  bool hand_over = false;  ///< There is room for report and boot.json …
  bool has_torrent = false;///< … and for release.torrent, which lies beside the release's folder …
  /// … and for the release itself: all of its files, kernel and initramfs among them. Empty: none.
  std::vector<VerdictFile> release;
  std::string report;      ///< JSON for /phase/report.json; empty: there is to be none.
  std::string report_line; ///< PHASE-REPORT …
  std::string boot;        ///< JSON for /phase/boot.json.
};

/// A verdict, or the error why there is none.
[[nodiscard]] Bytes encode_verdict(const Result<Verdict>& verdict);
/// The verifier's error, or kInternal where the message is not of this format.
[[nodiscard]] Result<Verdict> decode_verdict(ByteView message);

}  // namespace phase::boot
