// boot/http_get.h
// One small HTTP/1.1 GET (Boost.Beast) from a stranger: a cap on header and body, one absolute
// deadline, no redirects. Runs in a thread of its own; the owner polls.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "boot/http_url.h"
#include "dht/on_link.h"
#include "proto/bytes.h"
#include "proto/endpoint.h"
#include "proto/result.h"

namespace phase::boot {

/// Which way a request may go. Default: any.
struct HttpWay {
  /// Only addresses that are on a link of ours, and no name is asked for (a DNS server on the link
  /// would ask others): literals alone. kNetwork names what was refused.
  std::optional<dht::OnLink> only_on_link;
  /// SOCKS5 (RFC 1928), no authentication; the proxy resolves names.
  std::optional<Endpoint> socks5;
};

class HttpGet {
 public:
  /// `wake` is called once from the other thread when the answer is there.
  HttpGet(HttpUrl url, HttpWay way, std::size_t max_bytes, std::chrono::milliseconds deadline,
          std::function<void()> wake);
  ~HttpGet();  ///< Cancels; waits for the thread (a name look-up under way is waited for).
  HttpGet(HttpGet&&) noexcept;
  HttpGet& operator=(HttpGet&&) noexcept;

  /// Empty while under way; the body of a 200, else kProvider (or kTimeout, kNetwork); once.
  [[nodiscard]] std::optional<Result<Bytes>> poll();

 private:
  struct Job;
  std::unique_ptr<Job> job_;
};

}  // namespace phase::boot
