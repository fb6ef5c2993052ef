// node/admin.h
// The admin endpoint, on loopback only (cpp-httplib): status page, /api/v1/status, /metrics. It
// serves snapshots that the node's thread makes, so that no request touches the node itself.
// Why cpp-httplib faces nobody but this host: docs/ARCHITECTURE.md.
#pragma once

#include <memory>
#include <string>

#include "proto/endpoint.h"
#include "proto/result.h"

namespace phase::node {

struct AdminSnapshot {
  std::string status_json;
  std::string metrics;
};

class AdminServer {
 public:
  /// kUsage for an address that is not loopback, kPortInUse.
  static Result<std::unique_ptr<AdminServer>> open(const Endpoint& at);
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  void set(AdminSnapshot snapshot);  ///< Any thread.
  [[nodiscard]] Endpoint listening() const;

 private:
  struct State;
  explicit AdminServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// GET of a running node's admin endpoint by `plasmd status`; at most 16 MiB, 5 s. kNotFound
/// where no node answers there.
[[nodiscard]] Result<std::string> admin_get(const Endpoint& at, const std::string& path);

}  // namespace phase::node
