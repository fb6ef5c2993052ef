// tests/integration/hostile_fixture.h
// A private internet with hostile parts (sim/hostile) beside an honest publisher: releases on
// channels of their own, so that many attacks run side by side, and `plasmd fetch` as the victim.
//
// PHASE_RNG_SEED repeats a run; every failure names it (hostile_rounds.h).
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/must.h"
#include "sim/world.h"
#include "tests/integration/hostile_rounds.h"
#include "tests/unit/node/release_fixture.h"

namespace phase::hostile_test {

using sim::must;
using std::chrono::seconds;

/// What to type to see a failure again.
[[nodiscard]] std::string replay_command();

struct Fetched {
  int exit = -1;              ///< The status of `plasmd fetch`.
  nlohmann::json report;      ///< Its --json.
  std::string folder;         ///< Of the release, where there is one.
  std::string log;            ///< Its stderr.
  double seconds = 0;         ///< All stages together.
  [[nodiscard]] std::uint64_t wasted() const { return report.value("wasted", std::uint64_t{0}); }
  /// For a failure's message.
  [[nodiscard]] std::string text() const;
};

/// An attacker's own copy of a release: a publisher's store forgets older ones.
struct ReleaseCopy {
  std::uint64_t version = 0;
  std::string items;    ///< A file: its pointer, correctly signed.
  std::string torrent;  ///< A file.
  std::string folder;   ///< Its files, in copied_releases().
};

/// A `plasmd fetch` that runs.
struct Fetching {
  std::unique_ptr<sim::Process> process;
  std::string out;
};

/// How many attacks of `kind` a hostile program says it has delivered.
[[nodiscard]] std::uint64_t delivered(const sim::Process& process, const std::string& kind);

class HostileTest : public ::testing::Test {
 protected:
  explicit HostileTest(int dht_nodes = 12) : dht_nodes_(dht_nodes) {}
  void SetUp() override;

  /// Publishes a release whose initramfs has so many bytes, drawn at random, none of them equal
  /// to another release's: its version.
  std::uint64_t publish(const std::string& channel, std::size_t bytes,
                        const std::vector<std::string>& more = {});
  /// The same so often, each copied before the next takes its place; a newer one is still to come.
  std::vector<ReleaseCopy> publish_older(const std::string& channel, std::size_t bytes, int count,
                                         const std::vector<std::string>& more = {});
  /// As World's, and the pointers of all `channels` are out.
  void start_publisher(const std::vector<std::string>& channels);

  // What the publisher's store has of a release.
  [[nodiscard]] std::string release_folder(const std::string& channel, std::uint64_t version) const;
  [[nodiscard]] std::string torrent_file(const std::string& channel, std::uint64_t version) const;
  /// The pointer's three items as they are now, in a copy that stays.
  [[nodiscard]] std::string copy_items(const std::string& channel);
  /// The channel's newest release, `version`.
  [[nodiscard]] ReleaseCopy copy_release(const std::string& channel, std::uint64_t version);
  [[nodiscard]] std::string copied_releases() const { return folder() + "/copied"; }

  /// The next host, 10.77.6.<n>.
  sim::Host add_host(sim::Rate rate = {});
  /// A hostile program, once it says "ready".
  sim::Process& start_hostile(const sim::Host& host, std::vector<std::string> argv);
  /// phase-hostile-peer on `host` for a release of `channel`; `other` is the older one that it
  /// offers instead, where its kind needs one; `spare` is a file that it serves as it is.
  sim::Process& start_peer(const sim::Host& host, const std::string& kind,
                           const std::string& channel, std::uint64_t version,
                           const ReleaseCopy* other = nullptr, const std::string& spare = {},
                           const std::vector<std::string>& more = {});
  /// An honest provider on `host`: it follows the publisher's key.
  std::unique_ptr<sim::Process> start_follower(const sim::Host& host, const std::string& channel);
  void await_follower(sim::Process& follower, std::uint64_t version);

  Fetching start_fetch(const sim::Host& from, const std::string& channel,
                       const std::vector<std::string>& more = {});
  /// Killed where it takes longer than `limit`: its status is -1 then.
  Fetched finish(Fetching fetching, std::chrono::seconds limit = std::chrono::seconds(200));
  /// Byte by byte what was published; nothing else was let in.
  void expect_published(const Fetched& fetched, const std::string& channel,
                        std::uint64_t version) const;
  /// The same of files that lie elsewhere.
  static void expect_taken(const Fetched& fetched, std::uint64_t version,
                           const std::string& published);
  /// Nothing that could be taken for a release is left where a fetch failed.
  void expect_refused(const Fetched& fetched, const std::vector<int>& statuses) const;

  [[nodiscard]] std::vector<std::string> bootstrap_options() const;
  [[nodiscard]] sim::World& world() { return *world_; }
  [[nodiscard]] sim::Shell& shell() { return *shell_; }
  [[nodiscard]] const sim::ReleaseKit& kit() const { return kit_; }
  [[nodiscard]] const std::string& folder() const { return folder_.path(); }

 private:
  const int dht_nodes_;
  node::test::TempFolder folder_;
  sim::Observer observer_;
  std::unique_ptr<sim::Shell> shell_;
  std::unique_ptr<sim::World> world_;
  std::vector<std::unique_ptr<sim::Process>> hostile_;
  sim::ReleaseKit kit_;
  int hosts_ = 0;
  int fetches_ = 0;
  int releases_ = 0;
};

}  // namespace phase::hostile_test
