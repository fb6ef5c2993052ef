// dht/lan/lines.h
// What the supervisor (lan.h) and its children say to each other: one line each, a word for its
// kind, then words for its fields. A word holds printable ASCII without blanks; every other byte
// is %XX. Each side takes what the other says for untrusted: the child read the LAN's datagrams.
// Pure, and free of our libraries: the programs of the initramfs link it alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proto/result.h"

namespace phase::dht::lan {

inline constexpr std::size_t kMaxLine = 8192;    ///< Bytes, without the line end.
inline constexpr std::size_t kMaxFields = 80;    ///< Words behind the kind.

/// From a child. It begins anew: what it said before holds no more.
struct Ready {
  bool operator==(const Ready&) const = default;
};
/// From phase-lan-dbus: whether avahi-daemon is there.
struct Daemon {
  bool here = false;
  bool operator==(const Daemon&) const = default;
};
/// A service was seen on an interface by IPv4 or IPv6, at one address. Reported again where
/// anything of it changes; both an IPv4 and an IPv6 address may be reported.
struct Seen {
  std::uint32_t interface = 0;
  bool v6 = false;               ///< Of the multicast that carried it, not of the address.
  std::string instance;
  std::string address;           ///< Literal.
  std::uint16_t port = 0;
  std::vector<std::string> txt;
  bool operator==(const Seen&) const = default;
};
struct Lost {
  std::uint32_t interface = 0;
  bool v6 = false;
  std::string instance;
  bool operator==(const Lost&) const = default;
};
struct AllForNow {
  bool operator==(const AllForNow&) const = default;
};
struct Registered {
  std::string instance;          ///< Maybe another than asked for: names must be unique.
  bool operator==(const Registered&) const = default;
};
struct Note {
  std::string text;
  bool operator==(const Note&) const = default;
};
using Report = std::variant<Ready, Daemon, Seen, Lost, AllForNow, Registered, Note>;

/// To a child; the newest replaces what was asked before.
struct Publish {
  std::string instance;
  std::uint16_t port = 0;
  std::vector<std::string> txt;
  bool operator==(const Publish&) const = default;
};
struct Withdraw {
  bool operator==(const Withdraw&) const = default;
};
using Command = std::variant<Publish, Withdraw>;

/// With its line end. Empty where it would be over a limit: such a service is left out.
[[nodiscard]] std::string encode(const Report& report);
[[nodiscard]] std::string encode(const Command& command);
/// Of one line without its end. kMalformed names the rule.
[[nodiscard]] Result<Report> decode_report(std::string_view untrusted);
[[nodiscard]] Result<Command> decode_command(std::string_view untrusted);

/// Cuts a stream into lines.
class LineReader {
 public:
  /// Lines that are complete now. kMalformed once one is longer than kMaxLine: the other side is
  /// not who it should be.
  Result<std::vector<std::string>> push(std::string_view bytes);

 private:
  std::string partial_;
};

}  // namespace phase::dht::lan
