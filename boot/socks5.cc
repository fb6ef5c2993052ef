#include "boot/socks5.h"

#include "proto/endpoint.h"

namespace phase::boot {
namespace {

constexpr std::uint8_t kVersion = 5;
constexpr std::uint8_t kNoAuthentication = 0;
constexpr std::uint8_t kConnect = 1;
constexpr std::uint8_t kIpv4 = 1;
constexpr std::uint8_t kName = 3;
constexpr std::uint8_t kIpv6 = 4;
/// VER REP RSV ATYP and the first byte of the address, which is the length where it is a name.
constexpr std::size_t kAnswerHead = 5;

Error refused(const std::string& why) {
  return {ErrorCode::kNetwork, "SOCKS5: " + why};
}

/// RFC 1928, section 6.
const char* reply_text(std::uint8_t reply) {
  switch (reply) {
    case 1:
      return "general failure";
    case 2:
      return "connection not allowed by its rules";
    case 3:
      return "network unreachable";
    case 4:
      return "host unreachable";
    case 5:
      return "connection refused";
    case 6:
      return "time to live expired";
    case 7:
      return "command not supported";
    case 8:
      return "address type not supported";
    default:
      return "a reply that the protocol does not know";
  }
}

}  // namespace

Result<Socks5> Socks5::to(const std::string& host, std::uint16_t port) {
  Bytes request{kVersion, kConnect, 0};
  if (const auto literal = parse_address(host, port)) {
    request.push_back(literal->v6 ? kIpv6 : kIpv4);
    const Bytes compact = literal->compact();
    request.insert(request.end(), compact.begin(), compact.end());
    return Socks5(std::move(request));
  }
  if (host.empty() || host.size() > 255) {
    return {ErrorCode::kUsage, "SOCKS5: a host's name has 1 to 255 bytes"};
  }
  request.push_back(kName);
  request.push_back(static_cast<std::uint8_t>(host.size()));
  request.insert(request.end(), host.begin(), host.end());
  request.push_back(static_cast<std::uint8_t>(port >> 8));
  request.push_back(static_cast<std::uint8_t>(port & 0xff));
  return Socks5(std::move(request));
}

Bytes Socks5::greeting() {
  return {kVersion, 1, kNoAuthentication};
}

Result<Bytes> Socks5::receive(ByteView untrusted) {
  check(untrusted.size() == needs_ && needs_ > 0, "SOCKS5: as many bytes as were asked for");
  switch (step_) {
    case Step::kMethod:
      if (untrusted[0] != kVersion) return refused("the proxy does not speak it");
      if (untrusted[1] != kNoAuthentication) return refused("the proxy wants authentication");
      step_ = Step::kAnswer;
      needs_ = kAnswerHead;
      return std::move(request_);
    case Step::kAnswer:
      return take_answer(untrusted);
    case Step::kAddress:  // Where the proxy connects from: of no use here.
    case Step::kConnected:
      break;
  }
  step_ = Step::kConnected;
  needs_ = 0;
  return Bytes{};
}

Result<Bytes> Socks5::take_answer(ByteView untrusted) {
  if (untrusted[0] != kVersion) return refused("the proxy does not speak it");
  if (untrusted[1] != 0)
    return refused(std::string("the proxy answers: ") + reply_text(untrusted[1]));
  constexpr std::size_t kPort = 2;
  switch (untrusted[3]) {
    case kIpv4:
      needs_ = 4 + kPort - 1;
      break;
    case kIpv6:
      needs_ = 16 + kPort - 1;
      break;
    case kName:
      needs_ = untrusted[4] + kPort;
      break;
    default:
      return refused("an address of a kind that the protocol does not know");
  }
  step_ = Step::kAddress;
  return Bytes{};
}

}  // namespace phase::boot
