// boot/mode_policy.h
// The fallback policy of each mode, in one place: what is asked, in which order, for how long, and
// what may be written or told. Everybody who asks, waits, writes or tells reads it here; the table
// in docs/FALLBACK.md is made of it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/ports.h"

namespace phase::boot {

enum class Mode : std::uint8_t { kInternet, kLocal, kPrivate };
[[nodiscard]] const char* mode_name(Mode mode);
[[nodiscard]] std::optional<Mode> mode_of(std::string_view name);

struct ModePolicy {
  // Who is asked. All that are true are asked at once; bytes come from the nearest first.
  bool cache = false;      ///< A verified release on a disk that names itself.
  bool lan = false;        ///< Nodes on the link, by DNS-SD.
  bool dht = false;
  bool given = false;      ///< phase.provider, and the trust file's mirrors.

  // What keeps it so, below the program that asks.
  bool only_on_link = false;  ///< No route, no packet that survives a router.
  bool anonymous = false;     ///< Nothing is uploaded, announced or told but what a fetch needs.
  bool storage = true;        ///< Drivers of disks are loaded.

  // What stays behind.
  bool write_cache = false;
  bool tell_next = false;     ///< The report and the way here are handed to the next system.
  bool serve_next = false;    ///< A booted system of role node serves.

  // How long, from the start of what is named.
  Duration network{};           ///< For an interface and an address, when there is nothing else.
  Duration network_if_cached{}; ///< The same where the cache holds a release that can be booted.
  Duration newer{};             ///< With such a release: so long a newer one is looked for.
  Duration far_wait{};          ///< At most so long peers beyond the link wait for answers on it.
  Duration near_stall{};        ///< Near peers that deliver next to nothing for so long: far ones too.
};

[[nodiscard]] const ModePolicy& policy_of(Mode mode);

/// The table of docs/FALLBACK.md, Markdown.
[[nodiscard]] std::string policy_table();

}  // namespace phase::boot
