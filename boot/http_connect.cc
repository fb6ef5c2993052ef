#include "boot/http_connect.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <utility>
#include <vector>

namespace phase::boot {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

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

void HttpConnect::start(const HttpUrl& url, const HttpWay& way,
                        std::function<void(std::optional<Error>)> done) {
  url_ = url;
  way_ = way;
  done_ = std::move(done);
  if (auto refusal = ruled_out(url_, way_)) {
    asio::post(context_, [this, refusal = std::move(*refusal)] { done_(refusal); });
  } else if (way_.socks5) {
    connect_proxy();
  } else if (const auto at = literal(url_)) {
    connect(std::vector<tcp::endpoint>{to_tcp(*at)});
  } else {
    resolver_.async_resolve(url_.host, url_.port,
                            [this](error_code error, const tcp::resolver::results_type& all) {
                              if (error) return fail("resolve", error);
                              connect(all);
                            });
  }
}

void HttpConnect::cancel() {
  resolver_.cancel();
  stream_.close();  // cancel() alone would go on with the next address
}

void HttpConnect::fail(const std::string& step, const error_code& why) {
  done_(Error{ErrorCode::kNetwork,
              url_.authority() + url_.target + ": " + step + ": " + why.message()});
}

template <class Endpoints>
void HttpConnect::connect(const Endpoints& all) {
  stream_.async_connect(all, [this](error_code error, const tcp::endpoint&) {
    if (error) return fail("connect", error);
    done_({});
  });
}

void HttpConnect::connect_proxy() {
  auto made = Socks5::to(url_.host, static_cast<std::uint16_t>(std::stoul(url_.port)));
  if (!made) {
    asio::post(context_, [this, error = made.error().in(url_.authority())] { done_(error); });
    return;
  }
  socks5_ = std::move(*made);
  stream_.async_connect(to_tcp(*way_.socks5), [this](error_code error) {
    if (error) return fail("connect to the proxy " + way_.socks5->text(), error);
    tell_proxy(Socks5::greeting());
  });
}

void HttpConnect::tell_proxy(Bytes message) {
  to_proxy_ = std::move(message);
  asio::async_write(stream_, asio::buffer(to_proxy_), [this](error_code error, std::size_t) {
    if (error) return fail("send to the proxy", error);
    hear_proxy();
  });
}

void HttpConnect::hear_proxy() {
  if (socks5_->needs() == 0) return done_({});
  from_proxy_.resize(socks5_->needs());
  asio::async_read(stream_, asio::buffer(from_proxy_), [this](error_code error, std::size_t) {
    if (error) return fail("receive from the proxy", error);
    auto next = socks5_->receive(from_proxy_);
    if (!next) return done_(next.error().in(url_.authority() + ": " + way_.socks5->text()));
    tell_proxy(std::move(*next));
  });
}

}  // namespace phase::boot
