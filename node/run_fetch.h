// node/run_fetch.h
// Runs the acquire pipeline to its end in a session of its own: `plasmd fetch`.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "boot/acquire.h"
#include "boot/visit.h"
#include "dht/resolve.h"
#include "node/serve.h"

namespace phase::node {

struct FetchOptions {
  TrustPolicy policy;
  std::string channel, arch, folder;
  std::uint64_t min_version = 0;
  std::vector<std::string> provider_urls;
  std::vector<std::string> bootstrap;
  bool use_dht = true;
  NetworkChoice network = NetworkChoice::kAuto;
  boot::Mode mode = boot::Mode::kInternet;
  bool use_lan = true;
  std::optional<Endpoint> proxy;              ///< SOCKS5.
  boot::Cache* cache = nullptr;               ///< Borrowed; may be null.
  std::chrono::seconds timeout{0};  ///< The whole fetch; 0: none beside the pipeline's own.
  std::chrono::seconds provider_timeout{60};  ///< Pointer found, nobody delivers.
  std::function<Result<void>(const VerifiedManifest&)> admit;  ///< Before any artifact; may be empty.
};

/// How a person sees it going on; called from the same thread.
class FetchWatcher {
 public:
  virtual ~FetchWatcher() = default;
  virtual void message(const std::string& line) = 0;
  virtual void progress(boot::Stage stage, const dht::ReleaseStatus& status) = 0;
};

struct FetchResult {
  Result<boot::Acquired> outcome;
  boot::AcquireReport report;
};

/// A session that asks and fetches, and does not stay: others must not keep it as a DHT node.
struct Visitor {
  std::unique_ptr<dht::Session> session;
  /// Of bootstrap nodes, on their way while the session is open already; wakes it. Goes first.
  std::unique_ptr<dht::NameLookup> names;

  /// Takes what has happened, waits up to `timeout` for the first event; names that were found are
  /// nodes of the session then.
  [[nodiscard]] std::vector<dht::Event> wait(std::chrono::milliseconds timeout);
};
/// Completes `acquire` by mode and network. Waits for names only where they may decide which kind of
/// network it is, and not for long.
[[nodiscard]] Result<Visitor> open_visitor(const FetchOptions& options,
                                           boot::AcquireOptions& acquire);

/// Ends early with kCancelled once `cancelled` is set (a signal handler may set it).
[[nodiscard]] FetchResult run_fetch(const FetchOptions& options, const Clock& clock,
                                    const std::atomic<bool>& cancelled, FetchWatcher& watcher);

}  // namespace phase::node
