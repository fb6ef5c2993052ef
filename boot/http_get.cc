#include "boot/http_get.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <exception>
#include <future>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "boot/socks5.h"

namespace phase::boot {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

std::string HttpUrl::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == "80" ? name : name + ":" + port;
}

Result<HttpUrl> parse_http_url(std::string_view text) {
  const auto refuse = [&](const char* why) {
    return Error{ErrorCode::kUsage, "provider '" + std::string(text.substr(0, 100)) + "': " + why +
                                        "; expected http://HOST[:PORT][/PATH]"};
  };
  constexpr std::string_view kScheme = "http://";
  if (text.size() > 1000) return refuse("too long");
  if (!text.starts_with(kScheme)) return refuse("not an http:// URL");
  for (const char c : text) {
    if (c <= ' ' || c >= 0x7f || c == '@' || c == '?' || c == '#' || c == '\\') {
      return refuse("a character that is not accepted");
    }
  }
  text.remove_prefix(kScheme.size());
  const std::size_t slash = text.find('/');
  std::string_view authority = text.substr(0, slash);
  HttpUrl url;
  url.target = slash == std::string_view::npos ? "" : std::string(text.substr(slash));
  while (url.target.ends_with('/')) url.target.pop_back();
  url.port = "80";
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return refuse("no ] after the address");
    url.host = std::string(authority.substr(1, close - 1));
    authority.remove_prefix(close + 1);
    if (!authority.empty() && !authority.starts_with(':')) return refuse("no port after ]");
    if (!authority.empty()) url.port = std::string(authority.substr(1));
  } else {
    const std::size_t colon = authority.find(':');
    url.host = std::string(authority.substr(0, colon));
    if (colon != std::string_view::npos) url.port = std::string(authority.substr(colon + 1));
  }
  const bool digits = !url.port.empty() && url.port.size() <= 5 &&
                      url.port.find_first_not_of("0123456789") == std::string::npos;
  if (url.host.empty()) return refuse("no host");
  if (!digits || std::stoul(url.port) == 0 || std::stoul(url.port) > 65535) {
    return refuse("no valid port");
  }
  return url;
}

namespace {

/// The address in `url`, where it is one and not a name.
std::optional<Endpoint> literal(const HttpUrl& url) {
  return parse_address(url.host, static_cast<std::uint16_t>(std::stoul(url.port)));
}

/// Why `way` does not allow `url` at all.
std::optional<Error> ruled_out(const HttpUrl& url, const HttpWay& way) {
  if (!way.only_on_link) return std::nullopt;
  const auto refuse = [&](const std::string& why) {
    return Error{ErrorCode::kNetwork, url.authority() + ": not asked: " + why};
  };
  if (way.socks5) return refuse("a proxy would leave the link");
  const auto at = literal(url);
  if (!at) return refuse("a name; only addresses on the link are asked");
  if (!way.only_on_link->contains(*at)) return refuse("not on a link of this machine");
  return std::nullopt;
}

tcp::endpoint to_tcp(const Endpoint& endpoint) {
  return {asio::ip::make_address(endpoint.host()), endpoint.port};
}

}  // namespace

struct HttpGet::Job {
  HttpUrl url;
  HttpWay way;
  std::size_t max_bytes = 0;
  std::function<void()> wake;
  asio::io_context context{1};
  tcp::resolver resolver{context};
  beast::tcp_stream stream{context};
  asio::steady_timer deadline{context};
  beast::flat_buffer buffer{16 * 1024};
  std::optional<Socks5> socks5;
  Bytes to_proxy;
  Bytes from_proxy;
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
      resolver.cancel();
      stream.close();  // cancel() alone would go on with the next address
    });
    if (auto refusal = ruled_out(url, way)) {
      asio::post(context, [this, refusal = std::move(*refusal)] { finish(refusal); });
    } else if (way.socks5) {
      connect_proxy();
    } else if (const auto at = literal(url)) {
      connect(std::vector<tcp::endpoint>{to_tcp(*at)});
    } else {
      resolver.async_resolve(
          url.host, url.port,
          [this](beast::error_code error, const tcp::resolver::results_type& all) {
            if (error) return fail("resolve", error);
            connect(all);
          });
    }
  }
  template <class Endpoints>
  void connect(const Endpoints& all) {
    stream.async_connect(all, [this](beast::error_code error, const tcp::endpoint&) {
      if (error) return fail("connect", error);
      send();
    });
  }
  void connect_proxy() {
    auto made = Socks5::to(url.host, static_cast<std::uint16_t>(std::stoul(url.port)));
    if (!made) {
      asio::post(context, [this, error = made.error()] { finish(error.in(url.authority())); });
      return;
    }
    socks5 = std::move(*made);
    stream.async_connect(to_tcp(*way.socks5), [this](beast::error_code error) {
      if (error) return fail(("connect to the proxy " + way.socks5->text()).c_str(), error);
      tell_proxy(Socks5::greeting());
    });
  }
  void tell_proxy(Bytes message) {
    to_proxy = std::move(message);
    asio::async_write(stream, asio::buffer(to_proxy), [this](beast::error_code error, std::size_t) {
      if (error) return fail("send to the proxy", error);
      hear_proxy();
    });
  }
  void hear_proxy() {
    if (socks5->needs() == 0) return send();
    from_proxy.resize(socks5->needs());
    asio::async_read(
        stream, asio::buffer(from_proxy), [this](beast::error_code error, std::size_t) {
          if (error) return fail("receive from the proxy", error);
          auto next = socks5->receive(from_proxy);
          if (!next) return finish(next.error().in(url.authority() + ": " + way.socks5->text()));
          tell_proxy(std::move(*next));
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
