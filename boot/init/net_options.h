// boot/init/net_options.h
// Arguments of phase-net. PID 1 makes them; a person can run it too (docs/BOOT.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "boot/mode_policy.h"
#include "proto/endpoint.h"
#include "proto/ports.h"
#include "proto/result.h"

namespace phase::boot {

enum class DhtNetwork : std::uint8_t { kAuto, kPublic, kPrivate, kOff };

struct NetOptions {
  std::string trust_file;
  std::string folder;                  ///< Exists and can be written.
  std::string channel;
  std::string arch;                    ///< Normalised.
  std::uint64_t min_version = 0;
  std::uint64_t root_counter = 0;      ///< What a TPM keeps: no root below it is gone by.
  std::optional<WallTime> now;         ///< Of this run; none: the machine's clock when it begins.
  std::vector<std::string> bootstrap;  ///< HOST:PORT; empty: the default operators' nodes.
  std::vector<std::string> providers;  ///< http:// URLs.
  DhtNetwork network = DhtNetwork::kAuto;
  Mode mode = Mode::kInternet;         ///< Its policy decides who is asked at all.
  std::string cache;                   ///< Folder of a cache, read only; empty: none.
  bool offline = false;                ///< There is no network: the cache alone.
  bool lan = true;                     ///< False: not even where the mode would.
  std::optional<Endpoint> proxy;       ///< SOCKS5.
};

/// kUsage names the argument.
[[nodiscard]] Result<NetOptions> parse_net_options(const std::vector<std::string>& arguments);

}  // namespace phase::boot
