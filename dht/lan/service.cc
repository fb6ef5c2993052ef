#include "dht/lan/service.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "proto/names.h"

namespace phase::dht {
namespace {

constexpr std::size_t kMaxTxtString = 255;  // RFC 6763 6.1: one length byte.
constexpr std::size_t kMaxTxtStrings = 64;

/// Decimal digits alone, no sign, no leading zero.
template <class Number>
std::optional<Number> number(std::string_view text) {
  Number out = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return out;
}

bool is_key_id(std::string_view text) {
  return text.size() == 16 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string release_text(const LanRelease& release) {
  return release.key_id + "/" + release.channel + "/" + release.arch + "/" +
         std::to_string(release.version);
}

std::optional<LanRelease> release_from(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size() && parts.size() < 5;) {
    const auto end = std::min(text.find('/', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (parts.size() != 4 || !is_key_id(parts[0])) return std::nullopt;
  const auto channel = check_channel(parts[1]);
  const auto arch = normalise_arch(parts[2]);
  const auto version = number<std::uint64_t>(parts[3]);
  if (!channel || !arch || !version || *version == 0) return std::nullopt;
  return LanRelease{std::string(parts[0]), *channel, *arch, *version};
}

constexpr char kServed = 'r', kFetched = 'f';

/// r0, r1, ...: the number says nothing, it only keeps the names apart (RFC 6763 6.4).
bool names_a_release(std::string_view name, char kind) {
  return name.size() >= 2 && name.size() <= 4 && name[0] == kind &&
         number<unsigned>(name.substr(1)).has_value();
}

void add_releases(std::vector<std::string>& txt, std::size_t& bytes, char kind,
                  const std::vector<LanRelease>& releases) {
  std::size_t count = 0;
  for (const auto& release : releases) {
    const std::string text = kind + std::to_string(count) + "=" + release_text(release);
    if (count++ == kMaxLanReleases || bytes + 1 + text.size() > kMaxTxtBytes) return;
    bytes += 1 + text.size();
    txt.push_back(text);
  }
}

std::uint64_t highest(const std::vector<LanRelease>& releases, const std::vector<PublicKey>& keys,
                      std::string_view channel, std::string_view arch) {
  std::uint64_t best = 0;
  for (const auto& release : releases) {
    if (release.channel != channel || release.arch != arch || release.version <= best) continue;
    const bool ours = std::any_of(keys.begin(), keys.end(), [&](const PublicKey& key) {
      return key.id() == release.key_id;
    });
    if (ours) best = release.version;
  }
  return best;
}

/// Names of TXT records are compared without case (RFC 6763 6.4).
std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

Error malformed(const char* rule) { return {ErrorCode::kMalformed, std::string("TXT: ") + rule}; }

Result<void> check_sizes(const std::vector<std::string>& strings) {
  std::size_t bytes = 0;
  for (const auto& text : strings) {
    if (text.size() > kMaxTxtString) return malformed("a string over 255 bytes");
    bytes += 1 + text.size();
  }
  if (bytes > kMaxTxtBytes) return malformed("over 1,300 bytes in all");
  if (strings.size() > kMaxTxtStrings) return malformed("over 64 strings");
  return {};
}

}  // namespace

std::vector<std::string> encode_txt(const LanService& service) {
  std::vector<std::string> out{"v=1"};
  if (service.peer_port != 0) out.push_back("p=" + std::to_string(service.peer_port));
  if (service.http_port != 0) out.push_back("h=" + std::to_string(service.http_port));
  std::size_t bytes = 0;
  for (const auto& text : out) bytes += 1 + text.size();
  add_releases(out, bytes, kServed, service.releases);
  add_releases(out, bytes, kFetched, service.fetching);
  return out;
}

Result<LanService> decode_txt(const std::vector<std::string>& untrusted) {
  if (const auto sizes = check_sizes(untrusted); !sizes) return sizes.error();
  LanService out;
  std::set<std::string> seen;
  bool format = false;
  for (const auto& text : untrusted) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = lower(std::string_view(text).substr(0, equals));
    const auto value = std::string_view(text).substr(equals + 1);
    if (!seen.insert(name).second) continue;  // Of two, the first counts (RFC 6763 6.4).
    if (name == "v") {
      if (value != "1") return malformed("a format that is not known here");
      format = true;
    } else if (name == "p" || name == "h") {
      const auto port = number<std::uint16_t>(value);
      if (!port) return malformed("a port that is none");
      (name == "p" ? out.peer_port : out.http_port) = *port;
    } else if (names_a_release(name, kServed) && out.releases.size() < kMaxLanReleases) {
      if (auto release = release_from(value)) out.releases.push_back(std::move(*release));
    } else if (names_a_release(name, kFetched) && out.fetching.size() < kMaxLanReleases) {
      if (auto release = release_from(value)) out.fetching.push_back(std::move(*release));
    }
  }
  if (!format) return malformed("says no format");
  return out;
}

std::uint64_t LanNode::offers(const std::vector<PublicKey>& keys, std::string_view channel,
                              std::string_view arch) const {
  return highest(service.releases, keys, channel, arch);
}

std::uint64_t LanNode::fetches(const std::vector<PublicKey>& keys, std::string_view channel,
                               std::string_view arch) const {
  return highest(service.fetching, keys, channel, arch);
}

}  // namespace phase::dht
