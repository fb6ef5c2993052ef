#include "node/http_provider.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>

#include "node/http_answer.h"
#include "node/http_connection.h"
#include "node/http_shared.h"
#include "proto/ports.h"

namespace phase::node {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};

Endpoint to_endpoint(const tcp::endpoint& from) {
  Endpoint out;
  out.port = from.port();
  auto address = from.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  out.v6 = address.is_v6();
  if (out.v6) {
    const auto bytes = address.to_v6().to_bytes();
    std::copy(bytes.begin(), bytes.end(), out.address.begin());
  } else {
    const auto bytes = address.to_v4().to_bytes();
    std::copy(bytes.begin(), bytes.end(), out.address.begin());
  }
  return out;
}

tcp::endpoint from_endpoint(const Endpoint& from) {
  if (from.v6) return {asio::ip::address_v6(from.address), from.port};
  return {asio::ip::address_v4({from.address[0], from.address[1], from.address[2], from.address[3]}),
          from.port};
}

class Listener {
 public:
  Listener(HttpShared& shared, asio::io_context& context)
      : shared_(shared), context_(context), acceptor_(context), pause_(context) {}

  error_code listen(const tcp::endpoint& at, bool both_families) {
    error_code error;
    acceptor_.open(at.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && at.address().is_v6())
      acceptor_.set_option(asio::ip::v6_only(!both_families), error);
    if (!error) acceptor_.bind(at, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      error_code ignored;
      acceptor_.close(ignored);
    }
    return error;
  }

  [[nodiscard]] Endpoint endpoint() const {
    error_code ignored;
    return to_endpoint(acceptor_.local_endpoint(ignored));
  }

  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      // Out of descriptors or memory: what is open goes on, new clients wait a moment.
      if (error && error != asio::error::connection_aborted) return accept_later();
      if (!error) admit(std::move(socket));
      accept();
    });
  }

 private:
  void accept_later() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](error_code error) {
      if (!error) accept();
    });
  }

  void admit(tcp::socket socket) {
    error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error) return;
    if (!shared_.welcome(to_endpoint(remote))) {
      return shared_.count(&HttpCounters::refused_connections);
    }
    if (auto pass = shared_.gate().enter(to_endpoint(remote))) {
      const HttpClient client{socket.release(error), remote.address().is_v6()};
      if (error) return;
      shared_.count(&HttpCounters::accepted);
      return serve_connection(shared_, context_, client, std::move(*pass));
    }
    shared_.count(&HttpCounters::refused_connections);
    socket.non_blocking(true, error);
    if (error) return;
    const auto reply = refusal(503, system_clock().wall());
    // It fits into an empty socket buffer or it is lost; nobody is waited for.
    socket.write_some(asio::buffer(reply.head + reply.text), error);
    socket.shutdown(tcp::socket::shutdown_send, error);
  }

  HttpShared& shared_;
  asio::io_context& context_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
};

Error listen_error(const Endpoint& at, const error_code& why) {
  const auto where = "HTTP on " + at.text();
  if (why == asio::error::address_in_use)
    return {ErrorCode::kPortInUse,
            where + ": the port is in use by another program; stop it or give another one with -p"};
  if (why == asio::error::access_denied)
    return {ErrorCode::kNetwork, where + ": not allowed; ports below 1024 need root or "
                                         "CAP_NET_BIND_SERVICE, so give a higher one with -p"};
  if (why == boost::system::errc::address_not_available)
    return {ErrorCode::kNoInterface,
            where + ": this machine has no such address; give one that it has with --bind"};
  return {ErrorCode::kNetwork, where + ": " + why.message()};
}

}  // namespace

// The io_context goes before what its handlers refer to, and after what refers to it.
struct HttpProvider::State {
  explicit State(const HttpProviderOptions& options) : shared(options) {}
  HttpShared shared;
  asio::io_context context;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<Endpoint> listening;
  std::vector<std::thread> threads;

  Result<void> listen(const Endpoint& at, bool both_families) {
    auto listener = std::make_unique<Listener>(shared, context);
    if (const auto error = listener->listen(from_endpoint(at), both_families); error)
      return listen_error(at, error);
    listening.push_back(listener->endpoint());
    listeners.push_back(std::move(listener));
    return {};
  }

  Result<void> listen_everywhere(std::uint16_t port) {
    Endpoint any{.address = {}, .v6 = true, .port = port};
    auto done = listen(any, true);
    if (done || done.error().code == ErrorCode::kPortInUse) return done;
    any.v6 = false;  // A kernel without IPv6.
    return listen(any, false);
  }
};

HttpProvider::HttpProvider(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<HttpProvider>> HttpProvider::open(const HttpProviderOptions& options) {
  auto state = std::make_unique<State>(options);
  if (options.listen.empty()) {
    if (auto done = state->listen_everywhere(options.port); !done) return done.error();
  }
  for (const auto& at : options.listen)
    if (auto done = state->listen(at, false); !done) return done.error();
  for (auto& listener : state->listeners) listener->accept();
  for (unsigned i = 0; i < std::max(1U, options.threads); ++i)
    state->threads.emplace_back([context = &state->context] { context->run(); });
  return std::unique_ptr<HttpProvider>(new HttpProvider(std::move(state)));
}

HttpProvider::~HttpProvider() {
  state_->context.stop();
  for (auto& thread : state_->threads) thread.join();
}

void HttpProvider::set_catalogue(std::shared_ptr<const Catalogue> catalogue) {
  state_->shared.set_catalogue(std::move(catalogue));
}

void HttpProvider::set_peers(const PeerTable& peers) { state_->shared.set_peers(peers); }

const std::vector<Endpoint>& HttpProvider::listening() const { return state_->listening; }

HttpCounters HttpProvider::counters() const { return state_->shared.counters(); }

}  // namespace phase::node
