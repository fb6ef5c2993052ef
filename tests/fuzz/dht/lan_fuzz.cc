// What strangers on the link can put before us: a datagram, the strings of a TXT record, a line of
// a child that read one. The first byte says which. What is accepted holds every rule, and says
// the same when it is said again.
#include <string>

#include "dht/lan/datagram.h"
#include "dht/lan/instance_name.h"
#include "dht/lan/lines.h"
#include "dht/lan/service.h"
#include "dht/lan/sightings.h"
#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

using namespace dht;
using namespace dht::lan;

void check_printable(const std::string& text) {
  for (const char c : text) check(c >= ' ' && c <= '~', "a byte that is not printable");
}

/// Strings, each ended by a NUL or by the end.
std::vector<std::string> strings(ByteView input) {
  std::vector<std::string> out(1);
  for (const auto byte : input) {
    if (byte == 0) {
      out.emplace_back();
    } else {
      out.back() += static_cast<char>(byte);
    }
  }
  return out;
}

void check_txt(ByteView input) {
  const auto service = decode_txt(strings(input));
  if (!service) return;
  check(service->releases.size() <= kMaxLanReleases, "too many releases");
  const auto txt = encode_txt(*service);
  std::size_t bytes = 0;
  for (const auto& text : txt) {
    check(text.size() <= 255, "a TXT string over 255 bytes");
    bytes += 1 + text.size();
  }
  check(bytes <= kMaxTxtBytes, "a TXT record over its limit");
  const auto again = decode_txt(txt);
  check(again.ok(), "our own TXT record is refused");
  check(again->peer_port == service->peer_port && again->http_port == service->http_port, "ports");
  check(again->releases.size() <= service->releases.size(), "a release out of nowhere");
  for (std::size_t i = 0; i < again->releases.size(); ++i) {
    check(again->releases[i] == service->releases[i], "another release");
  }
}

void check_events(const std::vector<LanEvent>& events) {
  for (const auto& event : events) {
    const auto* found = std::get_if<LanFound>(&event);
    if (found == nullptr) continue;
    check_printable(found->node.instance);
    check(found->node.instance.size() <= 4 * kMaxInstanceBytes, "a long name");
    check(!found->node.addresses.empty() && found->node.addresses.size() <= kMaxNodeAddresses,
          "addresses");
  }
}

void check_lines(ByteView input) {
  LineReader reader;
  Sightings sightings;
  const auto lines = reader.push(as_text(input));
  if (!lines) return;
  for (const auto& line : *lines) {
    if (const auto report = decode_report(line)) {
      const auto back = encode(*report);
      check(back == line + "\n", "a report with two forms");
      check_printable(line);
      if (const auto* seen = std::get_if<Seen>(&*report)) check_events(sightings.seen(*seen));
      if (const auto* lost = std::get_if<Lost>(&*report)) check_events(sightings.lost(*lost));
    }
    if (const auto command = decode_command(line)) {
      check(encode(*command) == line + "\n", "a command with two forms");
    }
  }
  check(sightings.nodes().size() <= kMaxLanNodes, "too many nodes");
}

void check_datagram(ByteView input) {
  if (judge_datagram(input) != Verdict::kPass) return;
  check(input.size() >= 12 && input.size() <= kMaxDatagram, "size");
}

void check_name(ByteView input) {
  check_printable(printable_instance(as_text(input)));
  check(alternative_instance(as_text(input)).size() <= kMaxInstanceBytes, "a name that is no name");
}

Bytes seed(char kind, const std::string& text) {
  Bytes out{static_cast<std::uint8_t>(kind)};
  out.insert(out.end(), text.begin(), text.end());
  return out;
}

}  // namespace

std::vector<Bytes> seeds() {
  std::string txt;
  for (const auto& text :
       encode_txt({6881, 8080, {{"0123456789abcdef", "stable", "x86_64", 7}}})) {
    txt += text + '\0';
  }
  std::string lines;
  for (const Report& report :
       {Report{Ready{}}, Report{Seen{2, false, "node #2", "10.0.0.1", 8080, {"v=1", "p=6881"}}},
        Report{Seen{2, true, "\x1b", "fd77::1", 8080, {"v=1"}}}, Report{AllForNow{}},
        Report{Lost{2, false, "node #2"}}, Report{Registered{"us"}}, Report{Note{"a note"}}}) {
    lines += encode(report);
  }
  const std::string datagram("\0\0\x84\0\0\0\0\1\0\0\0\0\4node\5local\0\0\1\0\1\0\0\0\x78\0\4\12\0\0\1",
                             38);
  check(judge_datagram(as_bytes(datagram)) == Verdict::kPass, "a good datagram was refused");
  return {seed('t', txt), seed('l', lines), seed('l', encode(Command{Publish{"us", 80, {"v=1"}}})),
          seed('d', datagram), seed('n', "Phase Boot 1 #2")};
}

void one(ByteView input) {
  if (input.empty()) return;
  const auto rest = input.subspan(1);
  switch (input[0]) {
    case 't': return check_txt(rest);
    case 'l': return check_lines(rest);
    case 'd': return check_datagram(rest);
    default: return check_name(rest);
  }
}

}  // namespace phase::fuzz
