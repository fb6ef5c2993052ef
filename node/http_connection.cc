#include "node/http_connection.h"

#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "node/http_answer.h"
#include "node/http_shared.h"
#include "proto/ports.h"

namespace phase::node {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr std::size_t kSendStep = 256 * 1024;
constexpr std::size_t kLingerBytes = 64 * 1024;
constexpr milliseconds kLingerTime{2'000};

/// One client. Runs on its own strand; lives as long as an operation of it is pending.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(HttpShared& shared, asio::io_context& context, HttpGate::Pass pass)
      : shared_(shared),
        socket_(asio::make_strand(context)),
        timer_(socket_.get_executor()),
        buffer_(shared.options().max_header_bytes + 1024),
        pass_(std::move(pass)) {}

  void start(const HttpClient& client) {
    error_code error;
    socket_.assign(client.v6 ? tcp::v6() : tcp::v4(), client.fd, error);
    if (error) {
      ::close(client.fd);
      return;
    }
    socket_.non_blocking(true, error);  // sendfile() asks the descriptor, not Asio.
    if (error) return;
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    asio::dispatch(socket_.get_executor(), [self = shared_from_this()] { self->next_request(); });
  }

 private:
  enum class OnTimeout : std::uint8_t { kClose, kAnswer408 };

  void arm(milliseconds after, OnTimeout what) {
    const auto armed = ++armed_;
    timer_.expires_after(after);
    timer_.async_wait([self = shared_from_this(), armed, what](error_code error) {
      // A later arm() may have come while this one was already on its way.
      if (error || armed != self->armed_) return;
      error_code ignored;
      if (what == OnTimeout::kAnswer408) {
        self->timed_out_ = true;
        self->socket_.cancel(ignored);
      } else {
        self->cut();
      }
    });
  }

  void close() {
    ++armed_;
    timer_.cancel();
    error_code ignored;
    socket_.close(ignored);
  }
  void cut() {
    shared_.count(&HttpCounters::cut_connections);
    close();
  }

  // --- reading ---

  void next_request() {
    if (buffer_.size() > 0) return read_header();
    arm(shared_.options().idle_timeout, OnTimeout::kClose);
    socket_.async_read_some(buffer_.prepare(2048),
                            [self = shared_from_this()](error_code error, std::size_t got) {
                              if (error) return self->close();
                              self->buffer_.commit(got);
                              self->read_header();
                            });
  }

  void read_header() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(shared_.options().max_header_bytes));
    parser_->body_limit(boost::none);  // A body is refused by its announcement, never read.
    arm(shared_.options().header_deadline, OnTimeout::kAnswer408);
    http::async_read_header(socket_, buffer_, *parser_,
                            [self = shared_from_this()](error_code error, std::size_t) {
                              self->header_read(error);
                            });
  }

  void header_read(error_code error) {
    if (timed_out_) return refuse(408);
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
      return refuse(431);
    if (error == http::error::body_limit || error == http::error::unexpected_body)
      return refuse(413);
    if (error == http::error::end_of_stream || error == http::error::partial_message)
      return close();
    if (error.category() == http::make_error_code(http::error::end_of_stream).category())
      return refuse(400);
    if (error) return close();

    const auto& message = parser_->get();
    const auto once = [&](http::field field) -> std::optional<std::string_view> {
      if (message.count(field) != 1) return std::nullopt;
      const auto value = message[field];
      return std::string_view(value.data(), value.size());
    };
    HttpRequest request;
    request.method = {message.method_string().data(), message.method_string().size()};
    request.target = {message.target().data(), message.target().size()};
    request.version = message.version();
    request.hosts = message.count(http::field::host);
    request.has_body = parser_->chunked() || parser_->content_length().value_or(0) > 0;
    request.keep_alive = message.keep_alive() && ++requests_ < shared_.options().max_requests;
    request.range = once(http::field::range);
    request.if_range = once(http::field::if_range);
    request.if_none_match = once(http::field::if_none_match);
    request.if_match = once(http::field::if_match);

    const auto served = shared_.begin_request();
    send(answer(request, *served.catalogue, *served.peers, system_clock().wall()));
  }

  void refuse(unsigned status) {
    shared_.count(&HttpCounters::cut_connections);
    send(refusal(status, system_clock().wall()));
  }

  // --- sending ---

  void send(HttpAnswer reply) {
    shared_.count_answer(reply.status);
    timed_out_ = false;
    answer_ = std::move(reply);
    front_ = answer_.head + answer_.text;
    front_sent_ = 0;
    body_sent_ = 0;
    progress_ = 0;
    arm(shared_.options().progress_window, OnTimeout::kClose);
    send_front();
  }

  [[nodiscard]] bool body_left() const { return body_sent_ < answer_.length; }

  /// The head, with what follows it from memory; a file follows by sendfile().
  void send_front() {
    std::array<asio::const_buffer, 2> buffers{
        asio::buffer(front_.data() + front_sent_, front_.size() - front_sent_),
        asio::const_buffer()};
    const bool from_memory = answer_.entry && !answer_.entry->file;
    if (from_memory && body_left())
      buffers[1] = asio::buffer(answer_.entry->memory->data() + answer_.entry->offset +
                                    answer_.first + body_sent_,
                                std::min<std::uint64_t>(answer_.length - body_sent_, kSendStep));
    const int flags = !from_memory && body_left() ? MSG_MORE : 0;
    socket_.async_send(buffers, flags,
                       [self = shared_from_this()](error_code error, std::size_t sent) {
                         if (error) return self->close();
                         const auto of_front =
                             std::min(sent, self->front_.size() - self->front_sent_);
                         self->front_sent_ += of_front;
                         self->body_sent_ += sent - of_front;
                         self->sent(sent);
                       });
  }

  /// From the page cache to the socket without a buffer of ours.
  void send_file() {
    auto offset = static_cast<off_t>(answer_.first + body_sent_);
    const auto step = std::min<std::uint64_t>(answer_.length - body_sent_, kSendStep);
    const auto moved = ::sendfile(socket_.native_handle(), answer_.entry->file->fd(), &offset,
                                  static_cast<std::size_t>(step));
    if (moved < 0 && (errno == EAGAIN || errno == EINTR)) return wait_writable();
    // Nothing more in the file: somebody cut it short behind our back. The client sees that
    // the body is shorter than announced.
    if (moved <= 0) return cut();
    body_sent_ += static_cast<std::uint64_t>(moved);
    sent(static_cast<std::uint64_t>(moved));
  }

  void wait_writable() {
    socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](error_code error) {
      if (error) return self->close();
      self->send_file();
    });
  }

  /// Accounts for `count` bytes and goes on with what is left.
  void sent(std::uint64_t count) {
    shared_.count(&HttpCounters::bytes_sent, count);
    progress_ += count;
    if (progress_ >= shared_.options().progress_bytes) {
      progress_ = 0;
      arm(shared_.options().progress_window, OnTimeout::kClose);
    }
    if (front_sent_ < front_.size()) return send_front();
    if (body_left()) return answer_.entry->file ? wait_writable() : send_front();
    const bool again = answer_.keep_alive;
    answer_ = {};
    front_.clear();
    if (again) return next_request();
    linger();
  }

  // --- the end ---

  /// Closing with unread bytes makes the kernel send a reset, which can overtake the answer; so
  /// what the client still sends is read and dropped for a moment.
  void linger() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    buffer_.consume(buffer_.size());
    lingered_ = 0;
    arm(kLingerTime, OnTimeout::kClose);
    drop_more();
  }

  void drop_more() {
    buffer_.consume(buffer_.size());
    socket_.async_read_some(buffer_.prepare(2048),
                            [self = shared_from_this()](error_code error, std::size_t got) {
                              self->lingered_ += got;
                              if (error || self->lingered_ > kLingerBytes) return self->close();
                              self->drop_more();
                            });
  }

  HttpShared& shared_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_;
  HttpGate::Pass pass_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  HttpAnswer answer_;
  std::string front_;
  std::size_t front_sent_ = 0;
  std::uint64_t body_sent_ = 0;
  std::uint64_t progress_ = 0;
  std::size_t lingered_ = 0;
  std::uint64_t armed_ = 0;
  unsigned requests_ = 0;
  bool timed_out_ = false;
};

}  // namespace

void serve_connection(HttpShared& shared, asio::io_context& context, HttpClient client,
                      HttpGate::Pass pass) {
  std::make_shared<Connection>(shared, context, std::move(pass))->start(client);
}

}  // namespace phase::node
