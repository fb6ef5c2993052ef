// sim/scenario/run_record.h
// What happened in a run of a scenario: written by the runner, read by judge.h and by the report.
// Values only; as JSON in the report's folder (run_record_json.h), so that `phase-sim report` makes
// the page again without a run. Times are milliseconds since the timeline's begin (negative: before).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/scenario/scenario.h"

namespace phase::sim {

/// One host of the run: groups are expanded.
struct RecordedHost {
  std::string name, group, address, lan;
  HostRole role = HostRole::kDhtNode;
  HostKind kind = HostKind::kProcess;
  LinkChoice link;
};

/// One span or instant of a host: "off", "kernel", "network", "discover", "providers", "artifacts",
/// "verify", "booted", "serving", "killed", …; `begin` == `end`: an instant.
struct RecordedStage {
  std::int64_t begin = 0, end = 0;
  std::string name;
};

/// One boot of a machine, also a failed or unfinished one.
struct RecordedBoot {
  std::string host;
  std::int64_t switched_on = 0;
  std::int64_t booted = -1;     ///< -1: never.
  std::int64_t serving = -1;    ///< The release was first offered by it; -1: never.
  std::uint64_t version = 0;
  bool intact = false;          ///< Every artifact is byte for byte what was published.
  struct Source {
    std::string host;           ///< Of the run; "cache" or an address where it is none of its hosts.
    std::string how;            ///< dht, lan, pex, given, http, incoming, cache.
    std::uint64_t bytes = 0;
    std::uint32_t bad_pieces = 0;
  };
  std::vector<Source> sources;
  std::vector<std::string> refusals;
  std::string error;            ///< Why it failed, where it did.
};

/// A version that a follower or a machine held, from when on.
struct RecordedVersion {
  std::int64_t at = 0;
  std::string host;
  std::uint64_t version = 0;
};

/// A step of the timeline as it was carried out.
struct RecordedAction {
  std::int64_t at = 0;
  std::string name;                  ///< "kill 1": n-th of its kind.
  std::vector<std::string> targets;  ///< As drawn.
  std::string detail;                ///< "version 2", "partition: a b | c".
};

/// Bytes that all hosts together received until then, by source host (payload, as machines report
/// it); sampled.
struct RecordedBytes {
  std::int64_t at = 0;
  std::map<std::string, std::uint64_t> sent_by;
};

struct Verdict {
  std::string expectation;  ///< In words: "all 50 machines boot".
  std::string found;        ///< "50 of 50, the last after 31.2 s".
  bool holds = false;
  bool reported = false;    ///< Counts for nothing.
};

struct RunRecord {
  std::string scenario, title, story;
  std::uint64_t rng_seed = 0;
  std::string replay;               ///< The command that makes the same choices of chance again.
  std::string begun;                ///< RFC 3339, UTC.
  std::int64_t length = 0;
  std::uint64_t image_bytes = 0;    ///< Payload of the newest release.
  std::string error;                ///< The run itself broke: what, and what to do.
  bool interrupted = false;         ///< Ctrl-C: what was seen until then.
  std::vector<LanChoice> lans;
  std::vector<RecordedHost> hosts;
  std::vector<RecordedAction> actions;
  std::map<std::string, std::vector<RecordedStage>> stages;  ///< By host.
  std::vector<RecordedBoot> boots;
  std::vector<RecordedVersion> versions;
  std::vector<RecordedBytes> bytes;
  std::map<std::string, std::uint64_t> interface_sent;  ///< By host: bytes that its link sent.
  /// By host: bytes that came by its link, headers and questions too. Shows what a booted machine
  /// fetched again, which no report of a boot names.
  std::map<std::string, std::uint64_t> interface_received;
  std::map<std::string, UplinkBytes> uplinks;           ///< By LAN.
  std::map<std::string, std::uint64_t> attacks;         ///< By hostile host: delivered.
  std::vector<Verdict> verdicts;
};

}  // namespace phase::sim
