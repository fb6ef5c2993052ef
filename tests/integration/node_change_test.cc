// Goal: a provider that holds a release fetches of the next one only what changed, and an old file
// that was altered on its disk costs no more than its own pieces. Method: real plasmd processes in a
// private DHT, one host each; the kernel counts the bytes that reach the follower's interface.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "node_fixture.h"

namespace phase::node::test {
namespace {

using std::chrono::minutes;
namespace fs = std::filesystem;

class Change : public Nodes {
 protected:
  void SetUp() override {
    Nodes::SetUp();
    ASSERT_EQ(publish(), 1u);
    must(world().start_publisher());
    follower_ = must(world().start_provider(with_bootstrap({"plasmd", "serve", "-a", store(),
                                                            "--follow", follow(),
                                                            "--follow-interval", "1"})));
    must(follower_->wait_for_line("^serving .*version=1 ", minutes(2)));
  }
  [[nodiscard]] std::string store() const { return folder() + "/follower"; }
  /// Of what the next release is made of.
  void overwrite(std::size_t from, std::size_t length) {
    std::fstream file(kit().node_initramfs, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(from));
    for (std::size_t i = 0; i < length; ++i) file.put(static_cast<char>(i * 7 + i / 251));
  }
  [[nodiscard]] std::string held_folder(const std::string& version) const {
    for (const auto& entry : fs::directory_iterator(store() + "/releases")) {
      if (entry.path().filename().string().starts_with("phase-stable-x86_64-" + version + "-")) {
        return entry.path().string();
      }
    }
    ADD_FAILURE() << "the follower holds no version " << version;
    return "";
  }
  std::uint64_t received_for_version_2() {
    const std::uint64_t before = received_bytes("provider1");
    EXPECT_EQ(publish(), 2u);
    must(follower_->wait_for_line("^serving .*version=2 ", minutes(2)));
    return received_bytes("provider1") - before;
  }
  /// What the node says of that; its status is a snapshot, taken now and then.
  nlohmann::json fetched_for_version_2() {
    const auto deadline = std::chrono::steady_clock::now() + minutes(1);
    for (;;) {
      const auto following = status("provider1")["following"].at(0);
      if (following["version"] == 2) return following["fetched"];
      if (std::chrono::steady_clock::now() > deadline) return {};
    }
  }

  sim::Process* follower_ = nullptr;
};

TEST_F(Change, FivePercentOverwrittenInPlaceCostAtMostEight) {
  constexpr std::size_t kChanged = kReleaseBytes / 20;
  overwrite(kReleaseBytes / 3 + 777, kChanged);

  const std::uint64_t received = received_for_version_2();

  EXPECT_GE(received, kChanged);
  EXPECT_LE(received, kReleaseBytes * 8 / 100);
  const auto report = fetched_for_version_2();
  EXPECT_GE(report["reused"].get<std::uint64_t>(), kReleaseBytes * 94 / 100) << report.dump();
  EXPECT_LE(report["received"].get<std::uint64_t>(), kReleaseBytes * 8 / 100) << report.dump();
  const Ended verified =
      run("provider1", {"plasmd", "verify", "--trust", kit().public_key, held_folder("2")});
  EXPECT_EQ(verified.code, 0) << verified.output;
}

TEST_F(Change, AnAlteredOldFileCostsItsOwnPiecesOnly) {
  constexpr std::size_t kPiece = 64 * 1024;
  {
    std::fstream file(held_folder("1") + "/initramfs",
                      std::ios::in | std::ios::out | std::ios::binary);
    for (const std::size_t piece : {3U, 100U, 200U}) {
      file.seekp(static_cast<std::streamoff>(piece * kPiece + 100));
      file.put('\x01');
      file.put('\x02');
    }
  }
  // So that there is a second release: its initramfs differs in a piece of its own.
  overwrite(150 * kPiece + 5, 100);

  const std::uint64_t received = received_for_version_2();

  EXPECT_GE(received, 4 * kPiece);
  EXPECT_LE(received, 12 * kPiece);
  const Ended verified =
      run("provider1", {"plasmd", "verify", "--trust", kit().public_key, held_folder("2")});
  EXPECT_EQ(verified.code, 0) << verified.output;
}

}  // namespace
}  // namespace phase::node::test
