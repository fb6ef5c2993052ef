#include "node/http_provider.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <csignal>
#include <thread>
#include <utility>

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
constexpr int kAcceptsATurn = 64;

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

/// One thread and its connections, which no other thread touches: nothing in a request waits for a
/// lock of Asio's.
struct Worker {
  HttpCrowd crowd;              // Before what holds its members.
  asio::io_context context{1};  // One thread runs it.
  std::thread thread;

  void start() {
    thread = std::thread([this] {
      sigset_t pipe;  // sendfile(2) raises it where a client has gone; nothing here wants it.
      sigemptyset(&pipe);
      sigaddset(&pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
      const auto guard = asio::make_work_guard(context);
      context.run();
    });
  }
};
using Workers = std::vector<std::unique_ptr<Worker>>;

/// Accepts on the first worker's thread and deals the clients out in turn.
class Listener {
 public:
  Listener(HttpShared& shared, Workers& workers)
      : shared_(shared),
        workers_(workers),
        acceptor_(workers.front()->context),
        pause_(workers.front()->context) {}

  error_code listen(const tcp::endpoint& at, bool both_families) {
    error_code error;
    acceptor_.open(at.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && at.address().is_v6())
      acceptor_.set_option(asio::ip::v6_only(!both_families), error);
    if (!error) acceptor_.bind(at, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) acceptor_.non_blocking(true, error);
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
    acceptor_.async_wait(tcp::acceptor::wait_read, [this](error_code error) {
      if (!error) accept_some();
    });
  }

 private:
  /// A few at a time: those who are connected have their turn between.
  void accept_some() {
    for (int i = 0; i < kAcceptsATurn; ++i) {
      tcp::endpoint from;
      auto size = static_cast<socklen_t>(from.capacity());
      Fd socket(::accept4(acceptor_.native_handle(), from.data(), &size, SOCK_CLOEXEC));
      if (socket.valid()) {
        from.resize(size);
        admit(std::move(socket), from);
      } else if (errno == EAGAIN) {
        break;
      } else if (errno != ECONNABORTED && errno != EINTR) {
        return accept_later();  // Out of descriptors or memory: what is open goes on.
      }
    }
    accept();
  }

  void accept_later() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](error_code error) {
      if (!error) accept();
    });
  }

  void admit(Fd socket, const tcp::endpoint& from) {
    const auto client = to_endpoint(from);
    const bool welcome = shared_.welcome(client);
    auto pass = welcome ? shared_.gate().enter(client) : std::nullopt;
    if (!pass) {
      shared_.count(&HttpCounters::refused_connections);
      if (welcome) refuse(socket.get());
      return;
    }
    shared_.count(&HttpCounters::accepted);
    Worker& worker = *workers_[next_++ % workers_.size()];
    asio::dispatch(worker.context,
                   [&shared = shared_, &worker, pass = std::move(*pass),
                    taken = HttpClient{std::move(socket), from.address().is_v6()}]() mutable {
                     if (shared.gate().nearly_full()) worker.crowd.make_room();
                     serve_connection(shared, worker.crowd, worker.context, std::move(taken),
                                      std::move(pass));
                   });
  }

  /// It fits into an empty socket buffer or it is lost; nobody is waited for.
  static void refuse(int fd) {
    const auto reply = refusal(503, system_clock().wall());
    const auto text = reply.head + reply.text;
    (void)::send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::shutdown(fd, SHUT_WR);
  }

  HttpShared& shared_;
  Workers& workers_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::size_t next_ = 0;
};

/// Peers, files and the store need descriptors too; clients leave them half.
HttpProviderOptions within_descriptors(HttpProviderOptions options) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    options.max_connections = std::min<std::size_t>(options.max_connections, limit.rlim_cur / 2);
  return options;
}

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

// Connections go before what they refer to, and after what refers to them.
struct HttpProvider::State {
  explicit State(const HttpProviderOptions& options) : shared(options) {
    for (unsigned i = 0; i < std::max(1U, options.threads); ++i)
      workers.push_back(std::make_unique<Worker>());
  }
  HttpShared shared;
  Workers workers;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<Endpoint> listening;

  Result<void> listen(const Endpoint& at, bool both_families) {
    auto listener = std::make_unique<Listener>(shared, workers);
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
  auto state = std::make_unique<State>(within_descriptors(options));
  if (options.listen.empty()) {
    if (auto done = state->listen_everywhere(options.port); !done) return done.error();
  }
  for (const auto& at : options.listen)
    if (auto done = state->listen(at, false); !done) return done.error();
  for (auto& listener : state->listeners) listener->accept();
  for (auto& worker : state->workers) worker->start();
  return std::unique_ptr<HttpProvider>(new HttpProvider(std::move(state)));
}

HttpProvider::~HttpProvider() {
  for (auto& worker : state_->workers) worker->context.stop();
  for (auto& worker : state_->workers)
    if (worker->thread.joinable()) worker->thread.join();
}

void HttpProvider::set_catalogue(std::shared_ptr<const Catalogue> catalogue) {
  state_->shared.set_catalogue(std::move(catalogue));
}

void HttpProvider::set_peers(const PeerTable& peers) { state_->shared.set_peers(peers); }

const std::vector<Endpoint>& HttpProvider::listening() const { return state_->listening; }

HttpCounters HttpProvider::counters() const { return state_->shared.counters(); }

}  // namespace phase::node
