// dht/lan/service.h
// What a node says of itself on its link by DNS-SD (RFC 6763), service type _phase-boot._tcp: the
// TXT record, and what we make of somebody else's. Everything that comes from the LAN is
// untrusted: a hint where to ask, never a word about what is right. Pure. Page: docs/LAN.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/bytes.h"
#include "proto/endpoint.h"
#include "proto/keys.h"
#include "proto/result.h"

namespace phase::dht {

inline constexpr const char* kLanServiceType = "_phase-boot._tcp";
inline constexpr std::size_t kMaxLanReleases = 16;   ///< Of each kind in one TXT record; the first ones.
inline constexpr std::size_t kMaxTxtBytes = 1300;    ///< Fits one Ethernet frame with its neighbours.
inline constexpr std::size_t kMaxInstanceBytes = 63; ///< RFC 6763 4.1.1.

/// One release that a node serves or fetches. Nothing here is verified.
struct LanRelease {
  std::string key_id;         ///< PublicKey::id() of its publisher.
  std::string channel, arch;  ///< Passed check_channel() and normalise_arch().
  std::uint64_t version = 0;  ///< Never 0.
  auto operator<=>(const LanRelease&) const = default;
};

struct LanService {
  std::uint16_t peer_port = 0;  ///< BitTorrent over TCP, DHT over UDP; 0: neither.
  std::uint16_t http_port = 0;  ///< 0: no HTTP.
  std::vector<LanRelease> releases;
  /// What it fetches now: peers may ask it for the pieces that it has by then.
  std::vector<LanRelease> fetching{};
  /// A machine that boots, most likely: gone in a moment, and no node of the DHT.
  [[nodiscard]] bool only_fetches() const { return releases.empty() && !fetching.empty(); }
  auto operator<=>(const LanService&) const = default;
};

/// TXT strings, "name=value" each, at most 255 bytes each and kMaxTxtBytes in all; releases that
/// do not fit are left out from the end, those that are fetched first.
[[nodiscard]] std::vector<std::string> encode_txt(const LanService& service);
/// kMalformed names the rule. Unknown names are passed over, releases that are none too; a format
/// that we do not know is refused.
[[nodiscard]] Result<LanService> decode_txt(const std::vector<std::string>& untrusted);

/// A node as it was seen.
struct LanNode {
  std::string instance;             ///< Printable, at most 4 * kMaxInstanceBytes (escapes).
  std::vector<Endpoint> addresses;  ///< Port 0; at most 8, never loopback, multicast or fe80::.
  LanService service;
  /// `service` offers this channel and architecture of one of `keys`: the highest version, or 0.
  [[nodiscard]] std::uint64_t offers(const std::vector<PublicKey>& keys, std::string_view channel,
                                     std::string_view arch) const;
  /// The same of those that it fetches.
  [[nodiscard]] std::uint64_t fetches(const std::vector<PublicKey>& keys, std::string_view channel,
                                      std::string_view arch) const;
};

}  // namespace phase::dht
