#include "node/http_sender.h"

#include <linux/tcp.h>  // The C library's tcp_info ends before the bytes.
#include <netinet/in.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace phase::node {

void HttpSender::begin(HttpAnswer answer) {
  answer_ = std::move(answer);
  answer_.head += answer_.text;
  front_sent_ = 0;
  body_sent_ = 0;
  busy_ = true;
}

std::int64_t HttpSender::send_memory(int socket, std::uint64_t most) {
  std::array<iovec, 2> parts{};
  msghdr message{};
  message.msg_iov = parts.data();
  if (front_sent_ < answer_.head.size())
    parts.at(message.msg_iovlen++) = {answer_.head.data() + front_sent_,
                                      answer_.head.size() - front_sent_};
  if (!from_file() && body_left() > 0) {
    const auto* at = answer_.entry->memory->data() + answer_.entry->offset + answer_.first;
    parts.at(message.msg_iovlen++) = {const_cast<std::uint8_t*>(at) + body_sent_,
                                      static_cast<std::size_t>(std::min(body_left(), most))};
  }
  // The head waits for the first bytes of the file, to go in one segment with them.
  const int more = from_file() && body_left() > 0 ? MSG_MORE : 0;
  const auto sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT | more);
  if (sent <= 0) return sent;
  const auto of_front =
      std::min(static_cast<std::size_t>(sent), answer_.head.size() - front_sent_);
  front_sent_ += of_front;
  body_sent_ += static_cast<std::size_t>(sent) - of_front;
  return sent;
}

std::int64_t HttpSender::send_file(int socket, std::uint64_t most) {
  auto offset = static_cast<off_t>(answer_.first + body_sent_);
  const auto sent = ::sendfile(socket, answer_.entry->file->fd(), &offset,
                               static_cast<std::size_t>(std::min(body_left(), most)));
  if (sent > 0) body_sent_ += static_cast<std::uint64_t>(sent);
  return sent;
}

HttpSender::State HttpSender::send(int socket, std::uint64_t most) {
  while (front_sent_ < answer_.head.size() || body_left() > 0) {
    if (most == 0) return State::kPaused;
    const bool file = front_sent_ == answer_.head.size() && from_file();
    const auto sent = file ? send_file(socket, most) : send_memory(socket, most);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return State::kBlocked;
    if (sent < 0) return State::kGone;
    if (sent == 0) return State::kShort;
    untold_ += static_cast<std::uint64_t>(sent);
    most -= std::min(most, static_cast<std::uint64_t>(sent));
  }
  busy_ = false;
  answer_.entry.reset();  // A file that nobody serves any more is closed, whoever stays connected.
  answer_.head = {};
  answer_.text = {};
  answer_.length = body_sent_ = front_sent_ = 0;
  return State::kDone;
}

std::uint64_t HttpSender::take_sent() { return std::exchange(untold_, 0); }

bool limit_unsent(int socket) {
  return ::setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kMaxUnsentBytes,
                      sizeof kMaxUnsentBytes) == 0;
}

std::uint64_t bytes_acknowledged(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return info.tcpi_bytes_acked;
}

}  // namespace phase::node
