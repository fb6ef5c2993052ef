// A small HTTP server on loopback that answers each path with fixed bytes, and anything else with
// 404. It counts the answers that it gave.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <thread>

#include "proto/bytes.h"
#include "proto/endpoint.h"

namespace phase::test {

class FixedServer {
 public:
  explicit FixedServer(std::map<std::string, Bytes> answers);
  ~FixedServer();
  FixedServer(const FixedServer&) = delete;
  FixedServer& operator=(const FixedServer&) = delete;

  [[nodiscard]] std::string url() const;
  [[nodiscard]] Endpoint endpoint() const;
  /// Answers with content.
  [[nodiscard]] std::size_t answered() const { return answered_; }

 private:
  void serve();
  void answer(int client);

  std::map<std::string, Bytes> answers_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> answered_ = 0;
  std::thread thread_;
};

}  // namespace phase::test
