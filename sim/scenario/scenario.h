// sim/scenario/scenario.h
// A simulated network and what is to happen and to hold in it, as a scenario file says
// (docs/SCENARIOS.md). Values only: scenario_file.h reads them, schedule.h draws what chance
// decides, runner.h builds and runs them, judge.h holds what happened against the expectations.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/link_queue.h"
#include "sim/network.h"

namespace phase::sim {

enum class HostRole : std::uint8_t {
  kPublisher,  ///< Holds a secret key; publishes, and serves what it published.
  kProvider,   ///< Follows the publisher's key, and serves.
  kMirror,     ///< Serves by HTTP alone (no DHT, no peers), a copy of the publisher's store.
  kDhtNode,    ///< A plain node of the DHT.
  kHostile,    ///< One of sim/hostile's programs; `attack` says which.
  kMachine,    ///< Boots: as a process `plasmd fetch`, then `plasmd serve` on what came.
};

/// Publishers, DHT nodes, mirrors and hostile hosts are processes.
enum class HostKind : std::uint8_t { kProcess, kQemu };

struct LinkChoice {
  Rate rate;  ///< In each direction.
  Path path;  ///< Its rng_seed is drawn from the run's.
};

/// A LAN behind a router of its own; hosts without one are on the switch, "the internet".
struct LanChoice {
  std::string name;  ///< At most 8 characters of [a-z0-9-].
  Rate uplink;
};

/// A host, or `count` alike ones, which are called <name>1, <name>2, … .
struct HostChoice {
  std::string name;  ///< At most 9 characters of [a-z0-9-], not ending in a digit where count > 1.
  HostRole role = HostRole::kDhtNode;
  HostKind kind = HostKind::kProcess;
  std::uint32_t count = 1;
  std::string lan;                ///< Empty: on the switch.
  LinkChoice link;
  std::string attack;             ///< kHostile: "dht silent", "peer corrupt", …: program and kind.
  std::uint64_t memory_mib = 512; ///< kQemu.
  bool from_start = true;         ///< Started before the timeline begins; machines never are.
  /// A machine that was booted goes on as a provider; false: it only boots.
  bool serves = true;
};

enum class Action : std::uint8_t {
  kStart,      ///< Starts hosts; switches machines on.
  kStop,       ///< SIGTERM: they say good-bye.
  kKill,       ///< SIGKILL, the mains plug of a machine, and the cable is out.
  kRestart,    ///< kKill, then kStart on what its disk holds.
  kPublish,    ///< The next release: `changed` of the initramfs' bytes differ from the one before.
  kRenew,      ///< The same release with a later expiry.
  kPartition,  ///< `groups` no longer hear each other; a host in no group hears all.
  kHeal,       ///< Everybody hears everybody again.
  kUnplug,     ///< Hosts' cables, or LANs' uplinks.
  kPlug,
  kCorrupt,    ///< One byte of each artifact in a stopped or running provider's store flips.
  kChurn,      ///< Until `until`: of `targets` each leaves, or comes back, once in `every` on average.
};

/// Who: names, "<name>*" for all of a group, "lan:<name>" for a LAN; `pick` of them by chance,
/// 0: all.
struct Targets {
  std::vector<std::string> names;
  std::uint32_t pick = 0;
};

/// When: `at` after the timeline's begin, or once what `after` names holds, whichever is given;
/// both: so long after that. `spread`: the targets one by one, so far apart.
struct Step {
  std::chrono::milliseconds at{0};
  /// "booted 3" (machines in all), "booted NAME", "converged" (all followers hold the newest), "fetching NAME" (its first
  /// byte came), "" none.
  std::string after;
  Action action = Action::kStart;
  Targets targets;
  std::chrono::milliseconds spread{0};
  std::vector<std::vector<std::string>> groups;
  double changed = 0.05;
  std::chrono::milliseconds every{0}, until{0};
};

enum class Expected : std::uint8_t {
  kBoots,        ///< At least `least` machines of `targets` booted (0: all of them) …
  kBootTime,     ///< … each of them within `limit` seconds of being switched on.
  kServesWithin, ///< Booted machines offered the release `limit` seconds after they were up.
  kConverges,    ///< Followers of `targets` hold the newest version `limit` seconds after `since`.
  kNeverOlder,   ///< Nobody ever went back to an older version.
  kImages,       ///< `targets` sent at most `limit` images' bytes in all.
  kUplinkImages, ///< Through the uplink of a LAN went at most `limit` images.
  kFetchedOnce,  ///< No machine received more than `limit` images' bytes for its release.
  kFoundByDht,   ///< Sources of every boot were learned in the DHT, or on the link.
  kAttacked,     ///< `targets` (hostile) delivered at least `least` attacks.
  kNothingUnsigned, ///< What machines booted is byte for byte what was published.
};

struct Expectation {
  Expected what = Expected::kBoots;
  Targets targets;
  std::uint64_t least = 0;
  double limit = 0;
  std::string since;     ///< Name of the timeline's step: "publish 2", "heal 1" (n-th of its kind).
  bool reported = false; ///< A figure beside its bound, which does not make the run fail.
};

struct Scenario {
  std::string name;       ///< Of the file, without ".toml".
  std::string title;      ///< One line: what is shown.
  std::string story;      ///< A few sentences for the page: what happens, and why it is hard.
  std::chrono::milliseconds time_limit{0};  ///< Of the timeline; what still waits then is a failure.
  std::uint64_t image_bytes = 0;  ///< Of a made-up release; 0: a packaged kernel's real one.
  bool real_kernel = false;       ///< Needs the kernel package: any machine is a QEMU one.
  /// Seconds; 0: what we ship. Items and peers in the DHT nodes' storage, and providers' puts.
  std::chrono::seconds item_lifetime{0}, put_interval{0};
  std::vector<LanChoice> lans;
  std::vector<HostChoice> hosts;
  std::vector<Step> timeline;
  std::vector<Expectation> expectations;
};

}  // namespace phase::sim
