// tests/integration/node_fixture.h
// A private DHT, a publisher with a small release, and plasmd processes on hosts of their own.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/must.h"
#include "sim/world.h"
#include "tests/unit/node/release_fixture.h"

namespace phase::node::test {

using sim::must;

class Nodes : public ::testing::Test {
 protected:
  static constexpr int kDhtNodes = 12;
  /// Large enough that a fetch can be stopped halfway, on a slow machine too.
  static constexpr std::size_t kReleaseBytes = 24 << 20;

  void SetUp() override;

  /// Publishes into the publisher's store: the release version.
  std::uint64_t publish(const std::vector<std::string>& more = {});
  /// A program that has ended: its exit code and everything it printed.
  struct Ended {
    int code = 0;
    std::string output;
  };
  Ended run(const std::string& host, std::vector<std::string> argv);
  [[nodiscard]] std::vector<std::string> with_bootstrap(std::vector<std::string> argv) const;
  /// `plasmd fetch --json` on the router.
  nlohmann::json fetch(const std::vector<std::string>& more = {});
  /// All that reached the interface of `host`, with every header and everybody's questions.
  std::uint64_t received_bytes(const std::string& host);
  /// `plasmd status --json` on `host`.
  nlohmann::json status(const std::string& host);

  [[nodiscard]] sim::World& world() { return *world_; }
  [[nodiscard]] sim::Shell& shell() { return *shell_; }
  [[nodiscard]] const std::string& folder() const { return folder_.path(); }
  [[nodiscard]] const sim::ReleaseKit& kit() const { return kit_; }
  [[nodiscard]] std::string follow() const { return kit_.public_key + "/stable/x86_64"; }

 private:
  TempFolder folder_;
  sim::Observer observer_;
  std::unique_ptr<sim::Shell> shell_;
  std::unique_ptr<sim::World> world_;
  sim::ReleaseKit kit_;
  int runs_ = 0;
};

}  // namespace phase::node::test
