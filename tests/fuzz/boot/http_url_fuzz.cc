// URLs of providers and mirrors. Oracle: what is accepted is made of the text's own bytes and nothing
// else; put together again it is the same URL; its Host field and request line are one line each; what
// is refused is said in printable words.
#include "boot/http_url.h"

#include <algorithm>
#include <string>

#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

bool printable(std::string_view text, char first) {
  return std::all_of(text.begin(), text.end(), [&](char c) { return c >= first && c <= '~'; });
}

void check_port(const std::string& port) {
  check(!port.empty() && port.size() <= 5 &&
            port.find_first_not_of("0123456789") == std::string::npos,
        "a port that is no number");
  const unsigned long number = std::stoul(port);
  check(number >= 1 && number <= 65535, "a port that is none");
}

}  // namespace

std::vector<Bytes> seeds() {
  return {bytes("http://10.0.0.7:8080/boot/"), bytes("http://[fd00::1]:81"),
          bytes("http://boot.example/a//b.dsse"), bytes("http://[::1"), bytes("http://u@a/?b#c"),
          bytes("http://a:00080/"), bytes("http://a\r\nHost: b")};
}

void one(ByteView input) {
  const std::string_view text = as_text(input);
  const auto url = boot::parse_http_url(text);
  if (!url) {
    check(url.error().code == ErrorCode::kUsage, "a refusal is one of usage");
    check(printable(url.error().detail, ' ') && url.error().detail.size() < 300, "its words");
    return;
  }
  check(text.size() <= boot::kMaxHttpUrl && printable(text, '!') && text.starts_with("http://"),
        "more was accepted than plain http");
  check(text.find_first_of("@?#\\") == std::string_view::npos, "a user name, query or fragment");
  check(!url->host.empty() && url->host.find_first_of("/[]@") == std::string::npos, "its host");
  check_port(url->port);
  check(url->target.empty() || (url->target.starts_with('/') && !url->target.ends_with('/')),
        "its path");
  // Any reader ends the authority at the first slash, and finds the host in it that we do.
  const std::string_view rest = text.substr(7);
  const std::string_view authority = rest.substr(0, rest.find('/'));
  const bool v6 = url->host.find(':') != std::string::npos;
  const std::string name = v6 ? "[" + url->host + "]" : url->host;
  check(authority == name || authority == name + ":" + url->port, "another host or port");
  check(rest.substr(authority.size()).starts_with(url->target), "another path");
  const auto again = boot::parse_http_url("http://" + url->authority() + url->target);
  check(again.ok() && *again == *url, "put together again it is another URL");
}

}  // namespace phase::fuzz
