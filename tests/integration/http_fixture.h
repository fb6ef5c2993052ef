// tests/integration/http_fixture.h
// The public HTTP provider on a real socket with a small release, curl, and clients without manners.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "node/http_provider.h"
#include "release_fixture.h"

namespace phase::node::test {

/// A TCP client without any manners of its own.
class RawClient {
 public:
  /// `from` is the last byte of its address 127.0.0.x.
  explicit RawClient(std::uint16_t port, int receive_buffer = 0, std::uint8_t from = 1);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False once the other end is gone.
  bool send(std::string_view text) const;
  /// What comes until the other end closes, or until `limit`.
  [[nodiscard]] std::string read_to_end(std::chrono::milliseconds limit) const;
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  [[nodiscard]] bool wait(std::chrono::steady_clock::time_point end) const;
  int fd_;
  mutable bool closed_ = false;
};

[[nodiscard]] std::string output_of(const std::string& command);

class HttpProviderTest : public ::testing::Test {
 protected:
  HttpProviderTest();
  void start();
  [[nodiscard]] std::string curl(const std::string& arguments, const std::string& path) const;
  [[nodiscard]] std::string status(const std::string& arguments, const std::string& path) const;
  [[nodiscard]] std::string content(const std::string& name) const;
  /// What comes back until the end of the connection, or for five seconds.
  [[nodiscard]] std::string raw(const std::string& request) const;

  TempFolder folder_;
  Publisher publisher_{folder_.path()};
  StoredRelease release_;
  std::shared_ptr<const Catalogue> catalogue_;
  HttpProviderOptions options_;
  std::unique_ptr<HttpProvider> provider_;
  std::uint16_t port_ = 0;
};

}  // namespace phase::node::test
