// node/http_connection.h
// One client of the HTTP provider: reads its requests, sends what node/http_answer.h decides, and
// ends where a limit of HttpProviderOptions is passed. Adapts (Boost.Asio waits for the socket),
// decides nothing.
// Threads: the one that runs the io_context.
#pragma once

#include "node/http_crowd.h"
#include "node/http_gate.h"
#include "proto/fd.h"

namespace boost::asio {
class io_context;
}

namespace phase::node {

class HttpShared;

/// An accepted TCP socket: what two files with Asio inside can hand over without it in a header.
struct HttpClient {
  Fd fd;
  bool v6 = false;  ///< The socket's family; an IPv6 one may have an IPv4 client.
};

/// Call it on the thread of `context`. Returns at once. Takes `client` over, and gives `pass` back
/// when the connection ends. `shared` and `crowd` outlive `context`.
void serve_connection(HttpShared& shared, HttpCrowd& crowd, boost::asio::io_context& context,
                      HttpClient client, HttpGate::Pass pass);

}  // namespace phase::node
