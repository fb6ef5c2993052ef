#include "boot/init/net_options.h"

#include <charconv>
#include <optional>

#include "proto/names.h"

namespace phase::boot {
namespace {

Error bad(const std::string& option, const std::string& what) {
  return {ErrorCode::kUsage, option + ": " + what};
}

std::optional<DhtNetwork> network_of(const std::string& text) {
  if (text == "auto") return DhtNetwork::kAuto;
  if (text == "public") return DhtNetwork::kPublic;
  if (text == "private") return DhtNetwork::kPrivate;
  if (text == "off") return DhtNetwork::kOff;
  return std::nullopt;
}

template <class Number>
bool number(const std::string& text, Number& out) {
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, out);
  return error == std::errc() && after == end;
}

Result<void> take(NetOptions& options, const std::string& option, const std::string& value) {
  if (option == "--trust") {
    options.trust_file = value;
  } else if (option == "--folder") {
    options.folder = value;
  } else if (option == "--bootstrap") {
    options.bootstrap.push_back(value);
  } else if (option == "--provider") {
    options.providers.push_back(value);
  } else if (option == "--channel") {
    auto channel = check_channel(value);
    if (!channel) return channel.error().in(option);
    options.channel = *channel;
  } else if (option == "--arch") {
    auto arch = normalise_arch(value);
    if (!arch) return arch.error().in(option);
    options.arch = *arch;
  } else if (option == "--dht-network") {
    const auto network = network_of(value);
    if (!network) return bad(option, "auto, public, private or off");
    options.network = *network;
  } else if (option == "--mode") {
    const auto mode = mode_of(value);
    if (!mode) return bad(option, "internet, local or private");
    options.mode = *mode;
  } else if (option == "--cache") {
    options.cache = value;
  } else if (option == "--network") {
    if (value != "up" && value != "none") return bad(option, "up or none");
    options.offline = value == "none";
  } else if (option == "--lan") {
    if (value != "on" && value != "off") return bad(option, "on or off");
    options.lan = value == "on";
  } else if (option == "--proxy") {
    options.proxy = parse_endpoint(value);
    if (!options.proxy) return bad(option, "ADDRESS:PORT");
  } else if (option == "--min-version") {
    if (!number(value, options.min_version)) return bad(option, "a number");
  } else if (option == "--root-counter") {
    if (!number(value, options.root_counter)) return bad(option, "a number");
  } else if (option == "--now") {
    WallTime now;
    if (!number(value, now.seconds) || now.seconds < 0) return bad(option, "seconds since 1970");
    options.now = now;
  } else {
    return bad(option, "no such option");
  }
  return {};
}

}  // namespace

Result<NetOptions> parse_net_options(const std::vector<std::string>& arguments) {
  NetOptions options;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    if (i + 1 == arguments.size()) return bad(arguments[i], "lacks a value");
    if (auto taken = take(options, arguments[i], arguments[i + 1]); !taken) return taken.error();
  }
  const std::pair<const char*, const std::string*> needed[] = {{"--trust", &options.trust_file},
                                                               {"--folder", &options.folder},
                                                               {"--channel", &options.channel},
                                                               {"--arch", &options.arch}};
  for (const auto& [name, value] : needed) {
    if (value->empty()) return bad(name, "is needed");
  }
  return options;
}

}  // namespace phase::boot
