#include "boot/web/connection.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "boot/http_connect.h"
#include "boot/web/reply.h"
#include "proto/piece_hash.h"

namespace phase::boot {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using beast::error_code;

struct WebConnection::Job {
  HttpUrl url;
  HttpWay way;
  std::shared_ptr<const dht::PieceLayout> layout;
  std::function<void()> wake;
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> stay{context.get_executor()};
  beast::tcp_stream stream{context};
  HttpConnect to_server{context, stream};
  asio::steady_timer patience{context};

  // Only the thread's.
  bool connected = false;
  bool busy = false;  // a question is asked…
  bool kept = false;  // …on a connection that has answered one, and not answered yet
  bool timed_out = false;
  bool paused = false;  // the owner has enough to take
  std::uint64_t window_bytes = 0;
  PieceRun run;
  PartQuestion question;
  ReplyBody body;
  std::uint64_t at = 0;    // in the file: the next byte that the stream brings
  Bytes piece;             // the one that is being filled…
  std::size_t filled = 0;  // …so far
  beast::flat_buffer buffer{16 * 1024};
  http::request<http::empty_body> request;
  std::optional<http::response_parser<http::empty_body>> response;
  std::thread thread;

  std::atomic<std::uint32_t> end{0};  // of the run, in pieces of its file

  std::mutex mutex;  // guards what follows
  Happened happened;
  std::size_t queued_bytes = 0;

  [[nodiscard]] const dht::FilePieces& file() const { return layout->files[run.file]; }
  [[nodiscard]] std::string where() const {
    return url.authority() + url.target + "/" + layout->name + "/" + file().path;
  }
  [[nodiscard]] std::uint64_t offset_of(std::uint32_t index) const {
    return std::min(std::uint64_t{index} * layout->piece_length, file().size);
  }

  void over(std::optional<Error> error) {
    busy = false;
    patience.cancel();
    {
      const std::lock_guard lock(mutex);
      happened.over = true;
      happened.error = std::move(error);
    }
    wake();
  }
  /// What was begun on this connection cannot be gone on with.
  void end_connection(std::optional<Error> error) {
    to_server.cancel();
    connected = false;
    buffer.clear();
    over(std::move(error));
  }
  void fail(const std::string& step, const error_code& why) {
    if (timed_out) {
      return end_connection(
          Error{ErrorCode::kTimeout, where() + ": " + std::to_string(window_bytes) + " bytes in " +
                                         std::to_string(kWebPatience.count()) + " s"});
    }
    // A server may close a connection that was kept; that is not to be told, nor to be waited
    // after.
    if (std::exchange(kept, false)) return connect();
    // What a parser refuses is no trouble of the network.
    const bool malformed = why.category() == http::make_error_code(http::error{}).category() &&
                           why != http::error::end_of_stream && why != http::error::partial_message;
    end_connection(Error{malformed ? ErrorCode::kProvider : ErrorCode::kNetwork,
                         where() + ": " + step + ": " + why.message()});
  }

  void watch() {
    window_bytes = 0;
    patience.expires_after(kWebPatience);
    patience.async_wait([this](error_code cancelled) {
      if (cancelled || !busy) return;
      if (paused || window_bytes >= kLeastWebBytes) return watch();
      timed_out = true;
      to_server.cancel();
    });
  }

  void ask(const PieceRun& asked) {
    run = asked;
    busy = true;
    timed_out = false;
    watch();
    kept = connected && buffer.size() == 0;
    if (kept) return send();
    connect();
  }
  void connect() {
    to_server.cancel();
    connected = false;
    buffer.clear();
    to_server.start(url, way, [this](std::optional<Error> error) {
      if (timed_out) return fail("connect", {});
      if (error) return end_connection(std::move(error));
      connected = true;
      note_peer();
      send();
    });
  }
  void note_peer() {
    if (way.socks5) return;
    error_code error;
    const auto to = stream.socket().remote_endpoint(error);
    if (error) return;
    const auto address = to.address();
    Endpoint peer;
    peer.v6 = address.is_v6();
    peer.port = to.port();
    if (peer.v6) peer.address = address.to_v6().to_bytes();
    else std::ranges::copy(address.to_v4().to_bytes(), peer.address.begin());
    const std::lock_guard lock(mutex);
    happened.peer = peer;
  }
  void send() {
    question = {offset_of(run.begin), offset_of(run.end), file().size};
    request = {};
    request.method(http::verb::get);
    request.version(11);
    request.target(url.target + "/" + layout->name + "/" + file().path);
    request.set(http::field::host, url.authority());
    request.set(http::field::range,
                "bytes=" + std::to_string(question.begin) + "-" + std::to_string(question.end - 1));
    http::async_write(stream, request, [this](error_code error, std::size_t) {
      if (error) return fail("send", error);
      read_head();
    });
  }
  void read_head() {
    response.emplace();
    response->header_limit(8 * 1024);
    response->skip(true);  // The body is read here, as far as it is believed.
    http::async_read_header(stream, buffer, *response, [this](error_code error, std::size_t) {
      if (error) return fail("receive", error);
      judge();
    });
  }
  void judge() {
    kept = false;
    const auto& head = response->get();
    const auto text = [&](http::field field) {
      const auto value = head[field];
      return std::string(value.data(), value.size());
    };
    ReplyHead reply{head.result_int(),
                    {},
                    head.count(http::field::transfer_encoding) != 0,
                    text(http::field::content_encoding),
                    text(http::field::content_range)};
    if (const auto length = response->content_length()) reply.content_length = *length;
    const auto good = judge_reply(question, reply);
    if (!good) return end_connection(good.error().in(where()));
    body = *good;
    at = body.begin;
    begin_piece();
    take_buffered();
  }

  [[nodiscard]] std::uint32_t index() const {
    return static_cast<std::uint32_t>(at / layout->piece_length);
  }
  void begin_piece() {
    piece.resize(static_cast<std::size_t>(offset_of(index() + 1) - at));
    filled = 0;
  }
  /// What came together with the head.
  void take_buffered() {
    while (at < body.end && buffer.size() > 0) {
      const std::size_t part = std::min(buffer.size(), piece.size() - filled);
      asio::buffer_copy(asio::buffer(piece.data() + filled, part), buffer.data());
      buffer.consume(part);
      count(part);
      filled += part;
      if (filled == piece.size() && !piece_complete()) return;
    }
    read_on();
  }
  void read_on() {
    if (at >= body.end) return body_complete();
    if (!is_room()) return;
    stream.async_read_some(asio::buffer(piece.data() + filled, piece.size() - filled),
                           [this](error_code error, std::size_t got) {
                             count(got);
                             if (error) return fail("receive", error);
                             filled += got;
                             if (filled == piece.size() && !piece_complete()) return;
                             read_on();
                           });
  }
  void count(std::size_t bytes) {
    window_bytes += bytes;
    const std::lock_guard lock(mutex);
    happened.received += bytes;
  }
  /// False where that ended the question.
  bool piece_complete() {
    const std::uint32_t number = index();
    const bool alone = file().hashes.size() == 1;
    if (piece_hash(piece, alone ? 0 : layout->piece_length / kBlockBytes) !=
        file().hashes[number]) {
      end_connection(Error{ErrorCode::kAltered, where() + ": piece " + std::to_string(number) +
                                                    " is not the torrent's"});
      return false;
    }
    at += piece.size();
    {
      const std::lock_guard lock(mutex);
      queued_bytes += piece.size();
      happened.pieces.push_back({file().first + number, std::exchange(piece, {})});
    }
    wake();
    const std::uint32_t stop = end.load();
    if (at < body.end && stop < run.end && index() >= stop) {
      // Somebody else brings the rest. To read it all the same would cost more than a connection.
      end_connection({});
      return false;
    }
    if (at < body.end) begin_piece();
    return true;
  }
  void body_complete() {
    if (!response->get().keep_alive() || buffer.size() > 0) return end_connection({});
    over({});
  }
  bool is_room() {
    const std::lock_guard lock(mutex);
    paused = queued_bytes >= kMaxQueuedWebBytes;
    return !paused;
  }
  void go_on() {
    if (!paused || !busy) return;
    if (is_room()) {
      watch();
      read_on();
    }
  }

  void run_thread() {
    try {
      context.run();
    } catch (const std::exception& failure) {
      busy = false;
      const std::lock_guard lock(mutex);
      happened.over = true;
      happened.error = Error{ErrorCode::kProvider, url.authority() + ": " + failure.what()};
    }
    wake();
  }
};

WebConnection::WebConnection(HttpUrl url, HttpWay way,
                             std::shared_ptr<const dht::PieceLayout> layout,
                             std::function<void()> wake)
    : job_(std::make_unique<Job>()) {
  job_->url = std::move(url);
  job_->way = std::move(way);
  job_->layout = std::move(layout);
  job_->wake = std::move(wake);
  try {
    job_->thread = std::thread([job = job_.get()] { job->run_thread(); });
  } catch (const std::system_error& failure) {
    job_->happened.over = true;  // There is nobody who could ask again.
    job_->happened.error =
        Error{ErrorCode::kProvider, job_->url.authority() + ": " + failure.what()};
  }
}

WebConnection::~WebConnection() {
  job_->context.stop();
  if (job_->thread.joinable()) job_->thread.join();
}

void WebConnection::ask(const PieceRun& run) {
  job_->end = run.end;
  asio::post(job_->context, [job = job_.get(), run] { job->ask(run); });
}

void WebConnection::shorten(std::uint32_t end) {
  job_->end = end;
}

WebConnection::Happened WebConnection::take() {
  Happened out;
  {
    const std::lock_guard lock(job_->mutex);
    out = std::exchange(job_->happened, {});
    job_->queued_bytes = 0;
  }
  if (!out.pieces.empty()) asio::post(job_->context, [job = job_.get()] { job->go_on(); });
  return out;
}

}  // namespace phase::boot
