// tests/integration/dht_fixture.h
// A private DHT of plain nodes, sessions of ours in it, and files to move between them. All of it
// on loopback addresses that no other test process uses.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dht/session.h"
#include "dht/torrent.h"
#include "sim/process.h"

namespace phase::dht {

/// A session and all that it has reported.
struct Node {
  std::unique_ptr<Session> session;
  std::vector<Event> events;
  /// Called by run_until() after each look at the session.
  std::function<void()> each = [] {};

  /// The first event of a kind that `matches`; nullptr where there is none.
  template <class E>
  const E* find(const std::function<bool(const E&)>& matches = [](const E&) {
    return true;
  }) const {
    for (const auto& event : events) {
      const E* found = std::get_if<E>(&event);
      if (found != nullptr && matches(*found)) return found;
    }
    return nullptr;
  }
};

/// Runs the loops of all `nodes` until `done`; false after `timeout`.
bool run_until(const std::vector<Node*>& nodes, std::chrono::milliseconds timeout,
               const std::function<bool()>& done);

class DhtTest : public testing::Test {
 protected:
  static constexpr int kPlainNodes = 20;

  void SetUp() override;
  void TearDown() override;

  /// 127.x.y.<host>, port 6881; x and y are this process's.
  [[nodiscard]] static Endpoint address(int host);
  /// Plain nodes on ports 6881 and up of address(host); returns the first one.
  Endpoint start_plain_nodes(int host);
  /// A session on address(host) that begins with `bootstrap`.
  static Node open(
      int host, const Endpoint& bootstrap,
      const std::function<void(SessionOptions&)>& change = [](SessionOptions&) {});

  /// A folder of this test's own, made now.
  std::string folder(const std::string& name);
  /// `parent`/<name>/ with a file per (path, size), of bytes that `seed` decides.
  static MadeTorrent make_release(const std::string& parent, const std::string& name,
                                  const std::vector<std::pair<std::string, std::size_t>>& files,
                                  unsigned rng_seed = 1);
  static std::string read(const std::string& path);

 private:
  std::string root_;
  std::vector<std::unique_ptr<sim::Process>> processes_;
};

}  // namespace phase::dht
