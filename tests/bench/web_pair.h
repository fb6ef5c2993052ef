// tests/bench/web_pair.h
// plasmd and nginx over the same files on one host, both on the same core with the same number of
// threads; whoever asks them has another core. Ask at 127.0.0.<n>: such a client comes from that
// address, so that limits per address count as they do among strangers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/network.h"
#include "sim/process.h"
#include "tests/bench/bench.h"

namespace phase::bench {

class WebPair {
 public:
  static constexpr int kAddresses = 60;
  static constexpr const char* kSmallPath = "/stable/x86_64/kernel";
  static constexpr const char* kLargePath = "/stable/x86_64/initramfs";
  static constexpr std::size_t kSmallBytes = 4 << 10;
  static constexpr std::size_t kLargeBytes = 64 << 20;

  struct Server {
    std::string name;
    std::uint16_t port = 0;
    std::unique_ptr<sim::Process> process;
    /// 127.0.0.<host>, or "http://127.0.0.<host>:<port><path>".
    [[nodiscard]] std::string url(int host, const std::string& path) const;
    [[nodiscard]] double cpu_seconds() const;  ///< Of it and its children.
    /// MiB: the peak of what it had in memory, and what of that is its own now (no file's).
    [[nodiscard]] double peak_mib() const;
    [[nodiscard]] double own_mib() const;
  };

  /// Writes the files and makes the host. `bench` is borrowed.
  explicit WebPair(Bench& bench);

  /// Starts both anew; they answer when this returns.
  void restart();
  [[nodiscard]] const std::vector<Server>& servers() const { return servers_; }
  /// A program on the clients' core.
  [[nodiscard]] std::vector<std::string> client(const std::vector<std::string>& argv) const;
  [[nodiscard]] const sim::Host& host() const { return host_; }

 private:
  [[nodiscard]] std::vector<std::string> pinned(int core, std::vector<std::string> argv) const;
  void start(const std::string& name, std::uint16_t port, const std::vector<std::string>& argv);
  Bench& bench_;
  std::unique_ptr<sim::Network> network_;
  sim::Host host_;
  std::string tree_;
  std::vector<Server> servers_;
};

}  // namespace phase::bench
