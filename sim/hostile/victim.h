// sim/hostile/victim.h
// A TCP connection with somebody who is to be harmed: blocking, a thread of its own each.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>

#include "proto/bytes.h"
#include "proto/endpoint.h"
#include "proto/fd.h"
#include "proto/result.h"

namespace phase::sim {

class Victim {
 public:
  Victim(Fd socket, std::uint64_t number) : socket_(std::move(socket)), number_(number) {}

  /// Exactly `count` bytes; none where the other end closed before.
  bool read(std::uint8_t* into, std::size_t count) const;
  /// One more byte, where there is one.
  bool read_byte(char& into) const { return read(reinterpret_cast<std::uint8_t*>(&into), 1); }
  /// All of it went to the kernel.
  [[nodiscard]] bool send(ByteView bytes) const;
  [[nodiscard]] bool send(std::string_view text) const { return send(as_bytes(text)); }
  /// One byte each `pause`; how many went before the other end had enough.
  std::uint64_t drip(ByteView bytes, std::chrono::milliseconds pause) const;
  /// False once the other end has closed, else true after `pause`; what it says is thrown away, so
  /// that it never waits for room.
  [[nodiscard]] bool stays_for(std::chrono::milliseconds pause) const;
  /// Until the other end closes; what it says is thrown away.
  void wait_until_closed() const;

  /// The other end; IPv4.
  [[nodiscard]] Endpoint remote() const;
  /// Counts connections from 1 on, for a seed of each one's own.
  [[nodiscard]] std::uint64_t number() const { return number_; }

 private:
  Fd socket_;
  std::uint64_t number_;
};

/// Listens and gives each connection a thread that runs `attack`. Returns once it listens; its
/// threads live as long as the process.
[[nodiscard]] Result<void> listen_for_victims(const Endpoint& at,
                                              std::function<void(const Victim&)> attack);

/// Connects; number 0.
[[nodiscard]] Result<Victim> call(const Endpoint& at);

}  // namespace phase::sim
