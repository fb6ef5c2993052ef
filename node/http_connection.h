// node/http_connection.h
// One client of the HTTP provider (Boost.Beast): reads its requests, sends what node/http_answer.h
// decides, and ends where a limit of HttpProviderOptions is passed. Adapts, decides nothing.
// Threads: those that run the io_context; each connection on a strand of its own.
#pragma once

#include "node/http_gate.h"

namespace boost::asio {
class io_context;
}

namespace phase::node {

class HttpShared;

/// An accepted TCP socket: what two files with Asio inside can hand over without it in a header.
struct HttpClient {
  int fd = -1;
  bool v6 = false;  ///< The socket's family; an IPv6 one may have an IPv4 client.
};

/// Returns at once. Takes `client` over, and gives `pass` back when the connection ends. `shared`
/// outlives `context`.
void serve_connection(HttpShared& shared, boost::asio::io_context& context, HttpClient client,
                      HttpGate::Pass pass);

}  // namespace phase::node
