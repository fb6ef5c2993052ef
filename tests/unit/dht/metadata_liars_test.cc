// Goal: whoever lies about the info dictionary keeps it from nobody: each peer is judged by what it
// sent itself (dht/metadata_guard.h). Method: a real session, and peers on sockets that have it in
// wrong sizes, with wrong bytes, in wrong numbers of pieces, without an end; first alone, then
// beside one that is honest.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <libtorrent/torrent_info.hpp>
#include <list>

#include "dht/convert.h"
#include "dht/torrent.h"
#include "sim/hostile/peer_wire.h"
#include "tests/unit/dht/metadata_peer.h"

namespace phase::dht {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Manner;
using test::MetadataPeer;

constexpr int kFiles = 200;

constexpr std::array kLies = {std::pair(Manner::kWrongBytes, "WrongBytes"),
                              std::pair(Manner::kSaysLess, "SaysLess"),
                              std::pair(Manner::kSaysMore, "SaysMore"),
                              std::pair(Manner::kShortPieces, "ShortPieces"),
                              std::pair(Manner::kOtherPieces, "OtherPieces"),
                              std::pair(Manner::kEndless, "Endless"),
                              std::pair(Manner::kNoise, "Noise"),
                              std::pair(Manner::kRejects, "Rejects")};

class MetadataLiars : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "phase-metadata-liars-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    // So many files that the dictionary has three pieces.
    std::vector<std::string> files;
    for (int i = 0; i < kFiles; ++i) {
      files.push_back("file-with-a-name-of-some-length-" + std::to_string(i));
      std::ofstream(folder_ + "/" + files.back()) << i;
    }
    auto made = make_torrent("phase-stable-x86_64-1-01234567", folder_, files);
    ASSERT_TRUE(made.ok()) << made.error().detail;
    infohashes_ = made->info.infohashes;
    const lt::torrent_info parsed(to_span(made->torrent), lt::from_span);
    info_.assign(parsed.info_section().begin(), parsed.info_section().end());
    ASSERT_GT(info_.size(), 2 * sim::kBlockBytes);
    SessionOptions options;
    options.listen = {*parse_endpoint("127.0.0.1:0")};
    options.network = NetworkKind::kPrivate;
    auto session = Session::open(options);
    ASSERT_TRUE(session.ok()) << session.error().detail;
    session_ = std::move(*session);
    auto release = session_->fetch(infohashes_, folder_ + "/out");
    ASSERT_TRUE(release.ok()) << release.error().detail;
    release_ = *release;
  }
  void TearDown() override {
    session_.reset();  // Its connections end before those that they are with.
    peers_.clear();
    fs::remove_all(folder_);
  }

  MetadataPeer& meet(Manner manner) {
    auto& peer = peers_.emplace_back(manner, info_);
    session_->connect(release_, peer.at(), {.given = true});
    return peer;
  }
  template <class Done>
  bool run_until(seconds limit, Done done) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!done()) {
      if (std::chrono::steady_clock::now() >= until) return false;
      (void)session_->wait(milliseconds(50));
    }
    return true;
  }
  bool run_until_there(seconds limit) {
    return run_until(limit, [&] { return session_->status(release_).has_metadata; });
  }

  std::string folder_;
  Infohashes infohashes_;
  Bytes info_;
  std::list<MetadataPeer> peers_;
  std::unique_ptr<Session> session_;
  ReleaseId release_ = 0;
};

TEST_F(MetadataLiars, AnHonestPeerIsEnough) {
  (void)meet(Manner::kHonest);
  ASSERT_TRUE(run_until_there(seconds(30)));
  EXPECT_EQ(session_->info(release_)->infohashes, infohashes_);
  EXPECT_EQ(session_->info(release_)->files.size(), std::size_t{kFiles});
}

class MetadataLiar : public MetadataLiars,
                     public testing::WithParamInterface<std::pair<Manner, const char*>> {};

TEST_P(MetadataLiar, WhoWasAskedFirstKeepsItFromNobody) {
  auto& liar = meet(GetParam().first);
  ASSERT_TRUE(run_until(seconds(30), [&] { return liar.answers() > 0; })) << "nobody was lied to";
  // Time for the guard, which begins after a second, to ask it too.
  (void)run_until(seconds(2), [&] { return liar.answers() > 6; });
  EXPECT_FALSE(session_->status(release_).has_metadata);
  (void)meet(Manner::kHonest);
  ASSERT_TRUE(run_until_there(seconds(30)));
  EXPECT_EQ(session_->info(release_)->infohashes, infohashes_);
}

INSTANTIATE_TEST_SUITE_P(OfEachManner, MetadataLiar, testing::ValuesIn(kLies),
                         [](const auto& lie) { return lie.param.second; });

TEST_F(MetadataLiars, AllTogetherKeepItFromNobody) {
  for (const auto& [manner, name] : kLies) (void)meet(manner);
  const auto asked = [&] {
    std::string out;
    for (const auto& one : peers_) out += std::to_string(one.answers()) + " ";
    return out;
  };
  ASSERT_TRUE(run_until(seconds(30),
                        [&] {
                          return std::all_of(peers_.begin(), peers_.end(),
                                             [](const auto& one) { return one.answers() > 0; });
                        }))
      << "one of them was not asked: " << asked();
  EXPECT_FALSE(session_->status(release_).has_metadata);
  (void)meet(Manner::kHonest);
  ASSERT_TRUE(run_until_there(seconds(60)));
  EXPECT_EQ(session_->info(release_)->infohashes, infohashes_);
}

}  // namespace
}  // namespace phase::dht
