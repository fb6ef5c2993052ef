#include "boot/origin.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "proto/names.h"

namespace phase::boot {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxBootstrap = 64;
constexpr std::size_t kMaxHost = 260;

// It becomes an argument of a program: no option, no control character.
bool good_host(std::string_view text) {
  return !text.empty() && text.size() <= kMaxHost && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c <= 0x7e; });
}

}  // namespace

std::string origin_json(const Origin& origin) {
  const Json json{{"key", origin.key.hex()},
                  {"channel", origin.channel},
                  {"arch", origin.arch},
                  {"mode", mode_name(origin.mode)},
                  {"bootstrap", origin.bootstrap}};
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Result<Origin> parse_origin(std::string_view untrusted) {
  if (untrusted.size() > kMaxOriginBytes) return {ErrorCode::kMalformed, "boot.json is too large"};
  try {
    const Json json = Json::parse(untrusted);
    auto key = parse_public_key(json.at("key").get<std::string>());
    if (!key) return key.error().in("boot.json: key");
    auto channel = check_channel(json.at("channel").get<std::string>());
    if (!channel) return Error{ErrorCode::kMalformed, "boot.json: channel"};
    auto arch = normalise_arch(json.at("arch").get<std::string>());
    if (!arch) return Error{ErrorCode::kMalformed, "boot.json: arch"};
    const auto mode = mode_of(json.at("mode").get<std::string>());
    if (!mode) return Error{ErrorCode::kMalformed, "boot.json: mode"};
    Origin origin{.key = *key,
                  .channel = *channel,
                  .arch = *arch,
                  .mode = *mode,
                  .bootstrap = json.at("bootstrap").get<std::vector<std::string>>()};
    const bool hosts = origin.bootstrap.size() <= kMaxBootstrap &&
                       std::all_of(origin.bootstrap.begin(), origin.bootstrap.end(), good_host);
    if (!hosts) return {ErrorCode::kMalformed, "boot.json: bootstrap"};
    return origin;
  } catch (const std::exception&) {
    return {ErrorCode::kMalformed, "boot.json lacks a field or is no JSON"};
  }
}

}  // namespace phase::boot
