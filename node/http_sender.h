// node/http_sender.h
// Sends one answer to a non-blocking socket: its head and what lies in memory by sendmsg(2), a file
// by sendfile(2), from the page cache without a buffer of ours. Adapts; whoever owns the socket
// waits for it. SIGPIPE must be blocked: sendfile(2) knows no MSG_NOSIGNAL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "node/http_answer.h"

namespace phase::node {

class HttpSender {
 public:
  enum class State : std::uint8_t {
    kDone,     ///< Everything is the kernel's now.
    kBlocked,  ///< Go on when the socket is writable.
    kPaused,   ///< `most` bytes went; go on after others.
    kGone,     ///< The client left.
    kShort,    ///< The file is shorter than it was: the client sees too few bytes and the end.
  };

  /// After an answer that is done.
  void begin(HttpAnswer answer);
  State send(int socket, std::uint64_t most);

  [[nodiscard]] bool busy() const { return busy_; }
  /// Of the answer that began last.
  [[nodiscard]] bool keep_alive() const { return answer_.keep_alive; }
  /// Bytes since this was asked last.
  [[nodiscard]] std::uint64_t take_sent();

 private:
  [[nodiscard]] bool from_file() const { return answer_.entry && answer_.entry->file; }
  [[nodiscard]] std::uint64_t body_left() const { return answer_.length - body_sent_; }
  /// -1 with errno.
  std::int64_t send_memory(int socket, std::uint64_t most);
  std::int64_t send_file(int socket, std::uint64_t most);
  HttpAnswer answer_;
  std::size_t front_sent_ = 0;   // Of the head and an error's text.
  std::uint64_t body_sent_ = 0;  // Of the entry's bytes.
  std::uint64_t untold_ = 0;
  bool busy_ = false;
};

/// What the kernel may hold of one connection beyond what is on its way. Send buffers grow to
/// megabytes for a client that reads nothing, and are charged to the memory of all TCP, which stalls
/// everybody when a few thousand of them have eaten it (net.ipv4.tcp_mem).
inline constexpr int kMaxUnsentBytes = 128 * 1024;
/// False where the kernel cannot.
bool limit_unsent(int socket);

/// Bytes that the client's kernel has taken since the connection began: what fills the send buffer
/// is no progress of the client. 0 where the kernel does not tell.
[[nodiscard]] std::uint64_t bytes_acknowledged(int socket);

}  // namespace phase::node
