// boot/http_connect.h
// The way to a web server: name look-up, SOCKS5 where it is said, TCP. Only for the .cc files of
// boot/ that speak HTTP; no header of others includes it. Threads: those of `context`, one at a
// time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <functional>
#include <optional>

#include "boot/http_get.h"
#include "boot/socks5.h"

namespace phase::boot {

class HttpConnect {
 public:
  /// Both are borrowed; nothing of this may be destroyed while the context runs.
  HttpConnect(boost::asio::io_context& context, boost::beast::tcp_stream& stream)
      : context_(context), stream_(stream), resolver_(context) {}

  /// Calls `done` once, later: nothing, and `stream` leads to the server; or kNetwork, which names
  /// it. Nobody is asked whom `way` rules out.
  void start(const HttpUrl& url, const HttpWay& way,
             std::function<void(std::optional<Error>)> done);
  /// Ends it soon; `done` is still called. Closes the stream.
  void cancel();

 private:
  void fail(const std::string& step, const boost::system::error_code& why);
  template <class Endpoints>
  void connect(const Endpoints& all);
  void connect_proxy();
  void tell_proxy(Bytes message);
  void hear_proxy();

  boost::asio::io_context& context_;
  boost::beast::tcp_stream& stream_;
  boost::asio::ip::tcp::resolver resolver_;
  HttpUrl url_;
  HttpWay way_;
  std::function<void(std::optional<Error>)> done_;
  std::optional<Socks5> socks5_;
  Bytes to_proxy_;
  Bytes from_proxy_;
};

}  // namespace phase::boot
