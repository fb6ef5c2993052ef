// dht/resolve.h
// Bootstrap names to addresses: beside everything else, or with a deadline for all of them together.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proto/endpoint.h"
#include "proto/result.h"

namespace phase::dht {

/// The operators that `--bootstrap default` means.
[[nodiscard]] const std::vector<std::string>& default_bootstrap();

/// Each of `names` is HOST:PORT, "[v6]:PORT" or a literal. Literals cost nothing; names are
/// resolved side by side. What did not resolve in time is left out; kUsage where one is no
/// HOST:PORT at all.
[[nodiscard]] Result<std::vector<Endpoint>> resolve_nodes(const std::vector<std::string>& names,
                                                          std::chrono::milliseconds deadline);

struct NamedNodes {
  std::vector<Endpoint> literals;
  std::vector<std::string> names;  ///< HOST:PORT, to be resolved.
};
/// kUsage as above.
[[nodiscard]] Result<NamedNodes> sort_nodes(const std::vector<std::string>& nodes);

/// Names that are resolved side by side while everything else goes on. A look-up cannot be called
/// off, and outlives this where it is still under way. Threads: the owner's; `wake` is called from
/// others.
class NameLookup {
 public:
  /// `names` as sort_nodes() gives them.
  explicit NameLookup(const std::vector<std::string>& names);
  ~NameLookup();  ///< Waits for nothing.
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  /// Until all have been resolved, or are known not to be, `deadline` at most.
  void wait(std::chrono::milliseconds deadline);
  /// What was found since the last time.
  [[nodiscard]] std::vector<Endpoint> take();
  /// Is called for each name that is found from now on, and now where there is something to take.
  void wake_with(std::function<void()> wake);

 private:
  struct Pending;
  std::shared_ptr<Pending> pending_;
};

}  // namespace phase::dht
