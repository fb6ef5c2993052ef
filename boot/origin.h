// boot/origin.h
// /phase/boot.json: where a booted system came from, so that it can follow the same publisher.
// Written by the verifier, read in the next system by a child without privileges.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "boot/mode_policy.h"
#include "proto/keys.h"
#include "proto/result.h"

namespace phase::boot {

inline constexpr std::size_t kMaxOriginBytes = 16 * 1024;

struct Origin {
  PublicKey key;                       ///< Signed the release.
  std::string channel, arch;
  Mode mode = Mode::kInternet;         ///< Of the boot that led here.
  std::vector<std::string> bootstrap;  ///< HOST:PORT; empty: the default ones. At most 64.
};

[[nodiscard]] std::string origin_json(const Origin& origin);
/// kMalformed unless every field is there and valid.
[[nodiscard]] Result<Origin> parse_origin(std::string_view untrusted);

}  // namespace phase::boot
