#include "sim/hostile/dhcp_options.h"

#include <algorithm>

namespace phase::sim {
namespace {

constexpr std::size_t kHeader = 236;
constexpr std::array<std::uint8_t, 4> kCookie = {99, 130, 83, 99};
// What busybox's udhcpc has room for; it drops what is longer before it reads an option.
constexpr std::size_t kMaxMessage = 620;
constexpr int kStringsTried = 8;

// Options that scripts and resolvers use: host name, domain, root path, extensions path, NIS
// domain, vendor, TFTP server and file, search list, static routes, WPAD, and ones nobody knows.
constexpr std::array<std::uint8_t, 14> kStrings = {12, 15, 17, 18, 40, 43, 60,
                                                   66, 67, 114, 119, 121, 252, 250};

class Message {
 public:
  explicit Message(const DhcpRequest& request, const Ipv4Bytes& leased, const Ipv4Bytes& server)
      : bytes_(request.header) {
    bytes_[0] = 2;  // A reply.
    std::copy(leased.begin(), leased.end(), bytes_.begin() + 16);
    std::copy(server.begin(), server.end(), bytes_.begin() + 20);
    bytes_.insert(bytes_.end(), kCookie.begin(), kCookie.end());
    const std::uint8_t kind = request.kind == 1 ? 2 : 5;  // OFFER, ACK.
    put(53, Bytes{kind});
    put(54, server);
  }
  void put(std::uint8_t option, const auto& value) {
    bytes_.push_back(option);
    bytes_.push_back(static_cast<std::uint8_t>(value.size()));
    bytes_.insert(bytes_.end(), value.begin(), value.end());
  }
  /// A length that reaches beyond the message's end.
  void put_cut_off(std::uint8_t option) {
    bytes_.push_back(option);
    bytes_.push_back(255);
    bytes_.push_back('x');
  }
  void end() { bytes_.push_back(255); }
  Bytes& bytes() { return bytes_; }

 private:
  Bytes bytes_;
};

Bytes text(const std::string& value) { return {value.begin(), value.end()}; }

std::string hostile_string(const std::string& command, Chance& chance, std::string& kind) {
  const std::string padding(255, 'A');
  switch (chance.below(7)) {
    case 0: kind = "substitution"; return "$(" + command + ")";
    case 1: kind = "backquotes"; return "`" + command + "`";
    case 2: kind = "semicolon"; return "x;" + command + ";";
    case 3: kind = "newline"; return "x\nnameserver 6.6.6.6\n" + command + "\n";
    case 4: kind = "quotes"; return "'\"\n" + command + " #";
    case 5: kind = "255-bytes"; return ("$(" + command + ")" + padding).substr(0, 255);
    default: kind = "binary"; return std::string("\0\xff\x80", 3) + "%n%s\x1b[2J";
  }
}

void put_addresses(Message& message, const DhcpLies& lies, Chance& chance) {
  const auto any = [&] {
    const auto bytes = chance.bytes(4);
    return Ipv4Bytes{bytes[0], bytes[1], bytes[2], bytes[3]};
  };
  const Ipv4Bytes mask = {255, 255, 255, 0};
  if (lies.lease_is_true) {
    message.put(1, mask);
    message.put(3, lies.server);
    message.put(51, Bytes{0, 0, 14, 16});
    return;
  }
  constexpr std::array<Ipv4Bytes, 5> kMasks = {{{0, 0, 0, 0}, {255, 0, 255, 0}, {1, 2, 3, 4},
                                                {255, 255, 255, 255}, {0, 255, 255, 255}}};
  if (!chance.one_in(4)) message.put(1, kMasks.at(chance.below(kMasks.size())));
  if (!chance.one_in(4)) message.put(3, chance.one_in(2) ? lies.leased : any());
  message.put(51, chance.one_in(2) ? Bytes{0, 0, 0, 0} : chance.bytes(4));
}

}  // namespace

std::optional<DhcpRequest> read_dhcp(ByteView datagram) {
  if (datagram.size() < kHeader + kCookie.size() + 3 || datagram[0] != 1) return std::nullopt;
  DhcpRequest out;
  out.header.assign(datagram.begin(), datagram.begin() + kHeader);
  for (auto rest = datagram.subspan(kHeader + kCookie.size()); rest.size() >= 3;) {
    if (rest[0] == 255) break;
    if (rest[0] == 53) out.kind = rest[2];
    const std::size_t size = std::size_t{rest[1]} + 2;
    if (size > rest.size()) break;
    rest = rest.subspan(size);
  }
  if (out.kind != 1 && out.kind != 3) return std::nullopt;
  return out;
}

Bytes write_dhcp_lie(const DhcpRequest& request, const DhcpLies& lies, Chance& chance,
                     std::string& kinds) {
  Message message(request, lies.leased, lies.server);
  put_addresses(message, lies, chance);
  const auto note = [&](const std::string& kind) { kinds += (kinds.empty() ? "" : ",") + kind; };
  if (!lies.lease_is_true) note("lease");
  // DNS servers that are none, or half of one; an MTU of nothing.
  constexpr std::array<std::size_t, 4> kDnsSizes = {4, 3, 40, 0};
  message.put(6, chance.bytes(kDnsSizes.at(chance.below(kDnsSizes.size()))));
  message.put(26, chance.one_in(2) ? Bytes{0, 0} : chance.bytes(2));
  for (int i = 0; i < kStringsTried; ++i) {
    std::string kind;
    const auto string = hostile_string(lies.command, chance, kind);
    if (message.bytes().size() + string.size() + 8 > kMaxMessage) continue;
    message.put(kStrings.at(chance.below(kStrings.size())), text(string));
    note(kind);
  }
  // The fields for server name and boot file may hold options as well (overload).
  std::string in_header;
  const auto name = text(hostile_string(lies.command, chance, in_header));
  note(in_header);
  std::copy_n(name.begin(), std::min<std::size_t>(name.size(), 64), message.bytes().begin() + 44);
  if (chance.one_in(2)) {
    message.put(52, Bytes{3});
    note("overload");
  }
  if (chance.one_in(5)) {
    message.put_cut_off(12);
    note("cut-off");
  } else {
    message.end();
  }
  return std::move(message.bytes());
}

}  // namespace phase::sim
