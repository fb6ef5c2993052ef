#include "proto/names.h"

#include <algorithm>

namespace phase {
namespace {

constexpr std::size_t kMaxChannelBytes = 40;  // leaves the pointer's salt within BEP 44's 64
constexpr std::size_t kMaxNameBytes = 120;

bool lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool channel_byte(char c) {
  return lower_or_digit(c) || c == '.' || c == '_' || c == '-';
}

bool name_byte(char c) {
  return channel_byte(c) || (c >= 'A' && c <= 'Z');
}

/// Untrusted text in a message: at most 40 bytes of it, printable.
std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kMaxChannelBytes)) out.push_back(c > ' ' && c < 127 ? c : '?');
  return text.size() > kMaxChannelBytes ? out + "..." : out;
}

}  // namespace

Result<std::string> normalise_arch(std::string_view text) {
  if (text == "x86_64" || text == "amd64") return std::string("x86_64");
  if (text == "aarch64" || text == "arm64") return std::string("aarch64");
  return {ErrorCode::kUsage,
          "architecture '" + shown(text) + "' is not known; use x86_64 or aarch64"};
}

Result<std::string> check_channel(std::string_view text) {
  const bool good = !text.empty() && text.size() <= kMaxChannelBytes && text.front() != '.' &&
                    std::all_of(text.begin(), text.end(), channel_byte);
  if (good) return std::string(text);
  return {ErrorCode::kUsage, "channel '" + shown(text) +
                                 "' is no channel name; use 1 to 40 of a-z 0-9 . _ - and no dot "
                                 "in front"};
}

bool valid_artifact_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return false;
  while (true) {
    const std::size_t slash = name.find('/');
    const std::string_view part = name.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (!std::all_of(part.begin(), part.end(), name_byte)) return false;
    if (slash == std::string_view::npos) return true;
    name.remove_prefix(slash + 1);
  }
}

std::string release_name(std::string_view channel, std::string_view arch, std::uint64_t version,
                         const Sha256& manifest_sha256) {
  std::string name = "phase-";
  name.append(channel).append("-").append(arch).append("-").append(std::to_string(version));
  return name.append("-").append(to_hex(ByteView(manifest_sha256).first(4)));
}

}  // namespace phase
