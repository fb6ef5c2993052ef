#include "boot/http_get.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "boot/http_connect.h"

namespace phase::boot {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

struct HttpGet::Job {
  HttpUrl url;
  HttpWay way;
  std::size_t max_bytes = 0;
  std::function<void()> wake;
  asio::io_context context{1};
  beast::tcp_stream stream{context};
  HttpConnect to_server{context, stream};
  asio::steady_timer deadline{context};
  beast::flat_buffer buffer{16 * 1024};
  http::request<http::empty_body> request;
  http::response_parser<http::vector_body<std::uint8_t>> response;
  std::mutex mutex;
  std::optional<Result<Bytes>> answer;
  std::thread thread;

  void finish(Result<Bytes> result) {
    deadline.cancel();
    {
      const std::lock_guard lock(mutex);
      if (answer || taken) return;
      answer = std::move(result);
    }
    wake();
  }
  void fail(const char* step, beast::error_code why) {
    if (timed_out) {
      return finish(Error{ErrorCode::kTimeout, url.authority() + ": no answer in time"});
    }
    const bool too_large = why == http::error::body_limit || why == http::error::header_limit ||
                           why == http::error::buffer_overflow;
    finish(Error{too_large ? ErrorCode::kProvider : ErrorCode::kNetwork,
                 url.authority() + url.target + ": " + step + ": " +
                     (too_large ? "answer larger than " + std::to_string(max_bytes) + " bytes"
                                : why.message())});
  }

  void start(std::chrono::milliseconds limit) {
    request.method(http::verb::get);
    request.version(11);
    request.target(url.target.empty() ? "/" : url.target);
    request.set(http::field::host, url.authority());
    request.set(http::field::connection, "close");
    response.body_limit(max_bytes);
    response.header_limit(8 * 1024);
    deadline.expires_after(limit);
    deadline.async_wait([this](beast::error_code cancelled) {
      if (cancelled) return;
      timed_out = true;
      to_server.cancel();
    });
    to_server.start(url, way, [this](std::optional<Error> error) {
      if (timed_out) return fail("connect", {});
      if (error) return finish(std::move(*error));
      send();
    });
  }
  void send() {
    http::async_write(stream, request, [this](beast::error_code error, std::size_t) {
      if (error) return fail("send", error);
      read();
    });
  }
  void read() {
    http::async_read_header(stream, buffer, response, [this](beast::error_code error, std::size_t) {
      if (error) return fail("receive", error);
      const unsigned status = response.get().result_int();
      if (status != 200) {
        return finish(Error{ErrorCode::kProvider,
                            url.authority() + url.target + ": answered " + std::to_string(status)});
      }
      // Beast 1.74 makes room for what Content-Length says before it holds it against the limit.
      const auto length = response.content_length();
      if (length && *length > max_bytes) return fail("receive", http::error::body_limit);
      read_body();
    });
  }
  void read_body() {
    http::async_read(stream, buffer, response, [this](beast::error_code error, std::size_t) {
      if (error) return fail("receive", error);
      finish(std::move(response.get().body()));
    });
  }
  void run() {
    try {
      context.run();
    } catch (const std::exception& failure) {
      finish(Error{ErrorCode::kProvider, url.authority() + url.target + ": " + failure.what()});
    }
  }

  bool taken = false;
  bool timed_out = false;
};

HttpGet::HttpGet(HttpUrl url, HttpWay way, std::size_t max_bytes,
                 std::chrono::milliseconds deadline, std::function<void()> wake)
    : job_(std::make_unique<Job>()) {
  job_->url = std::move(url);
  job_->way = std::move(way);
  job_->max_bytes = max_bytes;
  job_->wake = std::move(wake);
  job_->start(deadline);
  try {
    job_->thread = std::thread([job = job_.get()] { job->run(); });
  } catch (const std::system_error& failure) {
    // So many threads, and no more: an answer that did not come, like others.
    job_->answer = Error{ErrorCode::kNetwork, job_->url.authority() + ": " + failure.what()};
  }
}

HttpGet::HttpGet(HttpGet&&) noexcept = default;
HttpGet& HttpGet::operator=(HttpGet&& other) noexcept {
  std::swap(job_, other.job_);
  return *this;
}

HttpGet::~HttpGet() {
  if (!job_) return;
  job_->context.stop();
  if (job_->thread.joinable()) job_->thread.join();
}

std::optional<Result<Bytes>> HttpGet::poll() {
  const std::lock_guard lock(job_->mutex);
  if (!job_->answer) return std::nullopt;
  job_->taken = true;
  return std::exchange(job_->answer, std::nullopt);
}

}  // namespace phase::boot
