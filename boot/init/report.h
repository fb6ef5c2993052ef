// boot/init/report.h
// The boot report: what was booted, how long each stage took, who sent which bytes and what was
// refused on the way. Its full form is a file (/phase/report.json of the next system), its short
// form one line on console and kernel log. Format page: docs/HANDOVER.md.
// The network child writes one, the verifier reads it (untrusted), puts its own findings over it
// and writes it anew; PID 1 only makes reports and never parses one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/result.h"

namespace phase::boot {

inline constexpr std::size_t kMaxReportBytes = 32 * 1024;
inline constexpr std::size_t kMaxReportStages = 24;
inline constexpr std::size_t kMaxReportSources = 64;
inline constexpr std::size_t kMaxReportRefusals = 32;
inline constexpr std::size_t kMaxReportText = 300;  ///< Bytes of any one text in it.
/// Of the line with its "PHASE-REPORT " in front; a kernel log record holds under 1,000.
inline constexpr std::size_t kMaxReportLine = 880;
inline constexpr const char* kReportPrefix = "PHASE-REPORT ";

struct ReportSource {
  std::string peer;        ///< ADDRESS:PORT, or a URL.
  std::uint64_t bytes = 0; ///< Received from it, bad pieces included.
  std::string how;         ///< How it was learned: dht, pex, lan, given, incoming, http; cache.
  std::uint32_t bad_pieces = 0;
  bool banned = false;
};

struct BootReport {
  std::string stage;       ///< "boot": about to jump; "up": the booted system; "failed".
  bool ok = false;
  std::uint64_t version = 0;
  std::string channel, arch, mode;
  std::string key;         ///< Hex of the trusted key that signed it.
  std::string signed_by;   ///< Key ids, comma separated.
  std::string kernel;      ///< Kernel release.
  std::string handover;    ///< Why something was not handed over; empty: all of it was.
  std::string path;        ///< Who named the release: "DHT", a URL, "cache: …why".
  std::vector<std::pair<std::string, double>> stages;  ///< Name, seconds.
  std::uint64_t bytes = 0;   ///< Payload received.
  std::uint64_t wasted = 0;  ///< Of these, thrown away.
  std::vector<ReportSource> sources;
  std::vector<std::string> refusals;
  // Failures only.
  std::string error;       ///< error_name().
  int exit_code = 0;
  std::string detail, advice;
  std::uint32_t attempt = 0;
};

/// At most kMaxReportBytes; texts are made printable and cut, surplus entries left out.
[[nodiscard]] std::string report_json(BootReport report);

/// "PHASE-REPORT {…}", at most kMaxReportLine bytes of printable ASCII. What does not fit goes
/// from the end: refusals are cut short, then counted only, then sources.
[[nodiscard]] std::string report_line(BootReport report);

/// kMalformed for anything but a report within the limits. Every text of the result is printable
/// and capped, every number finite and not negative.
[[nodiscard]] Result<BootReport> parse_report(std::string_view untrusted);

}  // namespace phase::boot
