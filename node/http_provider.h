// node/http_provider.h
// The public HTTP provider (Boost.Beast): GET and HEAD of what is in its catalogue, to strangers.
// Adapts; what is answered is decided in node/http_answer.h. Paths: docs/HTTP.md.
//
// Threads: its own; every method may be called from any thread.
// Bounds (all in HttpProviderOptions): connections in all and per address (IPv6: per /64), bytes
// of a header, time for a header counted from its first byte, idle time, least progress of a
// reader, requests per connection. Files go by sendfile(2), so a connection takes a few KiB.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dht/on_link.h"
#include "node/catalogue.h"
#include "proto/endpoint.h"
#include "proto/result.h"

namespace phase::node {

struct HttpProviderOptions {
  std::vector<Endpoint> listen;  ///< Port 0: any free one. Empty: `port` on every address.
  std::uint16_t port = 0;
  /// Connections from elsewhere are closed before a byte of them is read. None: from anywhere.
  std::optional<dht::OnLink> only_on_link;
  unsigned threads = 2;
  /// In all; at most half of the descriptors that this process may have. Near it, each new
  /// connection ends the one that has waited longest for a request.
  std::size_t max_connections = 8192;
  std::size_t max_per_address = 256;
  std::size_t max_header_bytes = 8 * 1024;
  unsigned max_requests = 10'000;                     ///< Per connection; then it is closed.
  std::chrono::milliseconds header_deadline{10'000};  ///< From first byte to the end of a header.
  std::chrono::milliseconds idle_timeout{15'000};     ///< Until the first byte of a request.
  /// A reader whose kernel acknowledges less than `progress_bytes` in `progress_window` is cut.
  std::chrono::milliseconds progress_window{30'000};
  std::uint64_t progress_bytes = 32 * 1024;
};

struct HttpCounters {
  std::uint64_t accepted = 0, requests = 0, bytes_sent = 0;
  std::uint64_t refused_connections = 0;  ///< Over a cap.
  std::uint64_t cut_connections = 0;      ///< Too slow, malformed, or others needed its place.
  std::uint64_t active = 0;
  std::map<unsigned, std::uint64_t> by_status;
};

/// Infohash (40 or 64 hex digits, lower case) to the peers told at /peers/<infohash>.
using PeerTable = std::map<std::string, std::vector<Endpoint>>;

class HttpProvider {
 public:
  /// Listens, and answers 503 until there is a catalogue. kPortInUse names address and remedy; kNetwork.
  static Result<std::unique_ptr<HttpProvider>> open(const HttpProviderOptions& options);
  ~HttpProvider();  ///< Closes every connection at once and ends the threads.
  HttpProvider(const HttpProvider&) = delete;
  HttpProvider& operator=(const HttpProvider&) = delete;

  /// Requests that began before go on with what they began with.
  void set_catalogue(std::shared_ptr<const Catalogue> catalogue);
  /// At most 200 peers of each are told.
  void set_peers(const PeerTable& peers);

  [[nodiscard]] const std::vector<Endpoint>& listening() const;
  [[nodiscard]] HttpCounters counters() const;

 private:
  struct State;
  explicit HttpProvider(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace phase::node
