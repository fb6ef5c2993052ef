#include "tests/unit/dht/metadata_peer.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <optional>

#include "proto/result.h"
#include "sim/hostile/peer_wire.h"
#include "sim/hostile/tally.h"

namespace phase::dht::test {
namespace {

using sim::kBlockBytes;

constexpr std::uint8_t kTheirNumber = 3;
constexpr std::size_t kWrongBy = 20'000;

}  // namespace

MetadataPeer::MetadataPeer(Manner manner, Bytes info)
    : manner_(manner),
      info_(std::move(info)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  check(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&at), size) == 0 &&
            ::listen(listener_.get(), 8) == 0 &&
            ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0,
        "a port of the loopback");
  at_ = *parse_address("127.0.0.1", ntohs(at.sin_port));
  accepting_ = std::thread([this] { accept_all(); });
}

MetadataPeer::~MetadataPeer() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  accepting_.join();  // No connection comes any more.
  for (const Fd& one : connections_) ::shutdown(one.get(), SHUT_RDWR);
  for (auto& thread : threads_) thread.join();
}

void MetadataPeer::accept_all() {
  for (;;) {
    const int socket = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    connections_.emplace_back(::dup(socket));
    threads_.emplace_back([this, socket] { serve(sim::Victim(Fd(socket), 1)); });
  }
}

std::size_t MetadataPeer::size_said() const {
  if (manner_ == Manner::kSaysLess) return info_.size() - kWrongBy;
  if (manner_ == Manner::kSaysMore) return info_.size() + kWrongBy;
  return info_.size();
}

void MetadataPeer::serve(const sim::Victim& session) {
  std::array<std::uint8_t, 68> handshake{};
  if (!session.read(handshake.data(), handshake.size())) return;
  std::fill_n(handshake.begin() + 20, 8, std::uint8_t{0});
  handshake[25] = 0x10;  // The extension protocol.
  // An id of its own: of two connections with one id, one is closed.
  const auto id = sim::Chance(at_.port).bytes(20);
  std::copy(id.begin(), id.end(), handshake.begin() + 48);
  const std::string said = std::string(1, '\0') + "d1:md11:ut_metadatai3ee13:metadata_sizei" +
                           std::to_string(size_said()) + "ee";
  if (!session.send(ByteView(handshake)) ||
      !session.send(sim::peer_message(sim::kExtended, as_bytes(said)))) {
    return;
  }
  while (answer_next(session)) {
  }
}

bool MetadataPeer::answer_next(const sim::Victim& session) {
  std::array<std::uint8_t, 4> prefix{};
  if (!session.read(prefix.data(), prefix.size())) return false;
  Bytes body(sim::get32(prefix, 0));
  if (body.empty()) return true;
  if (!session.read(body.data(), body.size())) return false;
  if (body[0] != sim::kExtended || body.size() < 2) return true;
  const ByteView rest = ByteView(body).subspan(2);
  if (body[1] == 0) {
    number_ = sim::read_extension_number(rest, "ut_metadata").value_or(0);
    return true;
  }
  const auto piece = body[1] == kTheirNumber ? sim::read_metadata_request(rest) : std::nullopt;
  return !piece || answer(session, static_cast<std::size_t>(*piece));
}

Bytes MetadataPeer::part(std::size_t piece) const {
  Bytes all = info_;
  all.resize(size_said());
  const auto from = std::min(piece * kBlockBytes, all.size());
  const auto size = std::min<std::size_t>(kBlockBytes, all.size() - from);
  return {all.begin() + static_cast<std::ptrdiff_t>(from),
          all.begin() + static_cast<std::ptrdiff_t>(from + size)};
}

bool MetadataPeer::send_part(const sim::Victim& session, std::size_t piece,
                             const Bytes& part) const {
  return session.send(
      sim::metadata_message(number_, static_cast<std::int64_t>(piece), size_said(), part));
}

bool MetadataPeer::answer(const sim::Victim& session, std::size_t piece) {
  Bytes bytes = part(piece);
  ++answers_;
  switch (manner_) {
    case Manner::kWrongBytes:
      if (!bytes.empty()) bytes[bytes.size() / 2] ^= 1;
      break;
    case Manner::kShortPieces:
      bytes.resize(bytes.size() / 2);
      break;
    case Manner::kOtherPieces:
      piece += 1000;
      break;
    case Manner::kEndless:
      for (std::size_t i = 0; send_part(session, i, bytes); ++i) {
      }
      return false;
    case Manner::kNoise: {
      auto noise = sim::Chance(piece + 1).bytes(2000);
      noise[0] = number_;
      return session.send(sim::peer_message(sim::kExtended, noise));
    }
    case Manner::kRejects: {
      const std::string rejected = std::string(1, static_cast<char>(number_)) +
                                   "d8:msg_typei2e5:piecei" + std::to_string(piece) + "ee";
      return session.send(sim::peer_message(sim::kExtended, as_bytes(rejected)));
    }
    default:
      break;
  }
  return send_part(session, piece, bytes);
}

}  // namespace phase::dht::test
