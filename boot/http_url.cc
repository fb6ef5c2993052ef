#include "boot/http_url.h"

#include <algorithm>

namespace phase::boot {
namespace {

/// Its beginning, for a message.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, 100));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

/// Host and port of "name", "name:port", "[address]" or "[address]:port"; else why it is none.
const char* take_apart(std::string_view authority, HttpUrl& url) {
  url.port = "80";
  const bool bracketed = authority.starts_with('[');
  if (bracketed) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return "no ] after the address";
    url.host = std::string(authority.substr(1, close - 1));
    authority.remove_prefix(close + 1);
    if (!authority.empty() && !authority.starts_with(':')) return "no port after ]";
  } else {
    const std::size_t colon = authority.find(':');
    url.host = std::string(authority.substr(0, colon));
    authority.remove_prefix(colon == std::string_view::npos ? authority.size() : colon);
  }
  if (url.host.empty()) return "no host";
  const bool colons = url.host.find(':') != std::string::npos;
  if (bracketed != colons || url.host.find_first_of("[]") != std::string::npos) {
    return "no valid address in brackets";
  }
  if (!authority.empty()) url.port = std::string(authority.substr(1));
  const bool digits = !url.port.empty() && url.port.size() <= 5 &&
                      url.port.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || std::stoul(url.port) == 0 || std::stoul(url.port) > 65535) return "no valid port";
  return nullptr;
}

}  // namespace

std::string HttpUrl::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == "80" ? name : name + ":" + port;
}

Result<HttpUrl> parse_http_url(std::string_view text) {
  const auto refuse = [&](const char* why) {
    return Error{ErrorCode::kUsage, "provider '" + shown(text) + "': " + why +
                                        "; expected http://HOST[:PORT][/PATH]"};
  };
  constexpr std::string_view kScheme = "http://";
  if (text.size() > kMaxHttpUrl) return refuse("too long");
  if (!text.starts_with(kScheme)) return refuse("not an http:// URL");
  for (const char c : text) {
    if (c <= ' ' || c >= 0x7f || c == '@' || c == '?' || c == '#' || c == '\\') {
      return refuse("a character that is not accepted");
    }
  }
  const std::string_view rest = text.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  HttpUrl url;
  url.target = slash == std::string_view::npos ? "" : std::string(rest.substr(slash));
  while (url.target.ends_with('/')) url.target.pop_back();
  if (const char* why = take_apart(rest.substr(0, slash), url)) return refuse(why);
  return url;
}

}  // namespace phase::boot
