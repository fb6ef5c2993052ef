// boot/socks5.h
// The client's half of SOCKS5 (RFC 1928), CONNECT without authentication: what to send, how many
// bytes to read next, what they mean. Pure; the owner moves the bytes and keeps the deadline. All
// that the proxy says is untrusted; the longest it can say is 262 bytes.
#pragma once

#include <cstdint>
#include <string>

#include "proto/bytes.h"
#include "proto/result.h"

namespace phase::boot {

class Socks5 {
 public:
  /// `host` is an address or a name, which the proxy resolves; nobody else is asked for it.
  /// kUsage where it is empty or longer than the 255 bytes that the protocol has for it.
  static Result<Socks5> to(const std::string& host, std::uint16_t port);

  /// What is sent once the proxy is connected.
  [[nodiscard]] static Bytes greeting();
  /// How many bytes of the proxy's to read now; 0: the connection to the host stands, and what
  /// comes next is the host's.
  [[nodiscard]] std::size_t needs() const { return needs_; }
  /// Exactly needs() bytes. What to send before reading on, which may be nothing. kNetwork says
  /// how the proxy refused, or that it does not speak SOCKS5.
  [[nodiscard]] Result<Bytes> receive(ByteView untrusted);

 private:
  enum class Step : std::uint8_t { kMethod, kAnswer, kAddress, kConnected };
  explicit Socks5(Bytes request) : request_(std::move(request)) {}
  Result<Bytes> take_answer(ByteView untrusted);

  Bytes request_;
  Step step_ = Step::kMethod;
  std::size_t needs_ = 2;
};

}  // namespace phase::boot
