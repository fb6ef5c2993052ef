#include "node/http_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "node/http_answer.h"
#include "node/http_reader.h"
#include "node/http_sender.h"
#include "node/http_shared.h"
#include "proto/ports.h"

namespace phase::node {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// What one connection sends before the others of its thread have their turn.
constexpr std::uint64_t kTurnBytes = 2 << 20;
constexpr int kTurnAnswers = 16;
constexpr std::size_t kReadBytes = 4096;
constexpr std::size_t kLingerBytes = 64 * 1024;
constexpr milliseconds kLingerTime{2'000};

/// Lives as long as an operation of it is pending.
class Connection final : public std::enable_shared_from_this<Connection>, public HttpCrowd::Member {
 public:
  Connection(HttpShared& shared, HttpCrowd& crowd, asio::io_context& context, HttpGate::Pass pass)
      : shared_(shared),
        crowd_(crowd),
        socket_(context),
        timer_(context),
        reader_(shared.options().max_header_bytes),
        pass_(std::move(pass)) {
    crowd_.join(*this);
  }
  ~Connection() override { crowd_.leave(*this); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start(HttpClient client) {
    error_code error;
    socket_.assign(client.v6 ? tcp::v6() : tcp::v4(), client.fd.get(), error);
    if (error) return;
    (void)client.fd.release();
    socket_.non_blocking(true, error);  // sendfile() asks the descriptor, not Asio.
    if (error) return;
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    (void)limit_unsent(socket_.native_handle());
    enter(Phase::kIdle, shared_.options().idle_timeout);
    wait_readable();
  }

  void make_room() override { cut(); }

 private:
  enum class Phase : std::uint8_t { kIdle, kHeader, kSending, kLinger };

  // --- time ---

  /// The timer is moved only where it would come too late: a request that is answered at once
  /// costs no call of the kernel for it.
  void enter(Phase phase, milliseconds limit) {
    phase_ = phase;
    due_ = steady_clock::now() + limit;
    if (due_ < alarm_) set_alarm();
  }

  void set_alarm() {
    alarm_ = due_;
    timer_.expires_at(alarm_);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->on_alarm();
    });
  }

  void on_alarm() {
    alarm_ = steady_clock::time_point::max();
    if (!socket_.is_open()) return;
    if (steady_clock::now() < due_) return set_alarm();
    switch (phase_) {
      case Phase::kHeader: {
        error_code ignored;
        socket_.cancel(ignored);
        refuse(408);
        return go_on();
      }
      case Phase::kIdle:
        // What was answered last may still be on its way through a thin link.
        return takes_enough() ? enter(phase_, shared_.options().progress_window) : close();
      case Phase::kSending:
        return takes_enough() ? enter(phase_, shared_.options().progress_window) : cut();
      case Phase::kLinger: return close();
    }
  }

  /// Since the last call, or since an answer had to wait.
  [[nodiscard]] bool takes_enough() {
    const auto before = std::exchange(taken_, bytes_acknowledged(socket_.native_handle()));
    return taken_ - before >= shared_.options().progress_bytes;
  }
  void wait_for_client() {
    if (phase_ == Phase::kSending) return;
    taken_ = bytes_acknowledged(socket_.native_handle());
    enter(Phase::kSending, shared_.options().progress_window);
  }

  void close() {
    crowd_.leave(*this);
    pass_.reset();
    timer_.cancel();
    error_code ignored;
    socket_.close(ignored);
  }
  void cut() {
    shared_.count(&HttpCounters::cut_connections);
    close();
  }

  // --- waiting ---

  void wait_readable() {
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code error) {
      if (!error && self->socket_.is_open()) self->read();
    });
  }
  void wait_writable() {
    socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](error_code error) {
      if (!error && self->socket_.is_open()) self->go_on();
    });
  }
  void after_others() {
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
      if (self->socket_.is_open()) self->go_on();
    });
  }

  // --- what happens ---

  void read() {
    std::array<char, kReadBytes> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init): read into
    const auto most = phase_ == Phase::kLinger ? bytes.size() : std::min(bytes.size(), reader_.room());
    const auto got = ::recv(socket_.native_handle(), bytes.data(), most, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return wait_readable();
    if (got <= 0) return close();
    const auto count = static_cast<std::size_t>(got);
    if (phase_ == Phase::kLinger) {
      lingered_ += count;
      return lingered_ > kLingerBytes ? close() : wait_readable();
    }
    reader_.add(std::string_view(bytes.data(), count));
    go_on();
  }

  /// As far as it goes without waiting.
  void go_on() {
    for (int answers = 0; answers < kTurnAnswers; ++answers) {
      if (!sender_.busy() && !take_request()) return wait_readable();
      const auto state = sender_.send(socket_.native_handle(), kTurnBytes);
      shared_.count(&HttpCounters::bytes_sent, sender_.take_sent());
      switch (state) {
        case HttpSender::State::kDone: break;
        case HttpSender::State::kBlocked:
          wait_for_client();
          return wait_writable();
        case HttpSender::State::kPaused:
          wait_for_client();
          return after_others();
        case HttpSender::State::kGone: return close();
        case HttpSender::State::kShort: return cut();
      }
      if (!sender_.keep_alive()) return linger();
      phase_ = Phase::kIdle;
    }
    after_others();
  }

  /// False where more must be read first. Otherwise an answer begins.
  bool take_request() {
    const auto state = reader_.next();
    if (state == HttpReader::State::kMore) {
      crowd_.waits(*this);
      if (!reader_.started()) enter(Phase::kIdle, shared_.options().idle_timeout);
      else if (phase_ != Phase::kHeader) enter(Phase::kHeader, shared_.options().header_deadline);
      return false;
    }
    crowd_.works(*this);
    if (state == HttpReader::State::kRefuse) {
      refuse(reader_.status());
      return true;
    }
    auto request = reader_.request();
    request.keep_alive = request.keep_alive && ++requests_ < shared_.options().max_requests;
    const auto served = shared_.begin_request();
    const WallTime now = system_clock().wall();
    begin(served.catalogue ? answer(request, *served.catalogue, *served.peers, now)
                           : not_yet(request, now));
    reader_.finish();
    return true;
  }

  void refuse(unsigned status) {
    shared_.count(&HttpCounters::cut_connections);
    begin(refusal(status, system_clock().wall()));
  }

  void begin(HttpAnswer reply) {
    shared_.count_answer(reply.status);
    sender_.begin(std::move(reply));
    phase_ = Phase::kIdle;
  }

  /// Closing with unread bytes makes the kernel send a reset, which can overtake the answer; so
  /// what the client still sends is read and dropped for a moment.
  void linger() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    crowd_.waits(*this);
    enter(Phase::kLinger, kLingerTime);
    wait_readable();
  }

  HttpShared& shared_;
  HttpCrowd& crowd_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  HttpReader reader_;
  HttpSender sender_;
  std::optional<HttpGate::Pass> pass_;  ///< While the socket is open.
  Phase phase_ = Phase::kIdle;
  steady_clock::time_point due_{};
  steady_clock::time_point alarm_ = steady_clock::time_point::max();
  std::uint64_t taken_ = 0;  ///< By the client, when that was looked at last.
  std::size_t lingered_ = 0;
  unsigned requests_ = 0;
};

}  // namespace

void serve_connection(HttpShared& shared, HttpCrowd& crowd, asio::io_context& context,
                      HttpClient client, HttpGate::Pass pass) {
  std::make_shared<Connection>(shared, crowd, context, std::move(pass))
      ->start(std::move(client));
}

}  // namespace phase::node
