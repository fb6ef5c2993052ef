#include "boot/web/share.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace phase::boot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kPiece = 64 * 1024;
const MonoTime kStart{};

/// Files of so many pieces each, named a, b, c…
dht::PieceLayout layout_of(const std::vector<std::uint32_t>& files) {
  dht::PieceLayout out;
  out.name = "release";
  out.piece_length = kPiece;
  for (const std::uint32_t pieces : files) {
    dht::FilePieces file;
    file.path = std::string(1, static_cast<char>('a' + out.files.size()));
    file.size = std::uint64_t{pieces} * kPiece;
    file.first = out.pieces;
    file.hashes.resize(pieces);
    out.pieces += pieces;
    out.files.push_back(std::move(file));
  }
  return out;
}

std::size_t count(const std::vector<bool>& bits) {
  return static_cast<std::size_t>(std::count(bits.begin(), bits.end(), true));
}

TEST(WebShare, OneServerIsAskedForAWholeFileAtOnce) {
  WebShare share(layout_of({1, 0, 500}));
  share.want({"a", "b", "c"});
  const auto run = share.next(0, 1, kStart);
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->file, 2U);
  EXPECT_EQ(run->begin, 0U);
  EXPECT_EQ(run->end, 500U);
  EXPECT_EQ(share.end_of(0), 500U);
}

TEST(WebShare, OnlyWhatIsWantedAndNotThereIsAskedFor) {
  WebShare share(layout_of({4, 100}));
  EXPECT_FALSE(share.next(0, 1, kStart).has_value()) << "nothing is wanted yet";
  share.want({"b"});
  std::vector<bool> there(104);
  for (std::size_t i = 4; i < 64; ++i) there[i] = true;
  share.set_there(there, kStart);
  const auto run = share.next(0, 1, kStart);
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->file, 1U);
  EXPECT_EQ(run->begin, 60U);
  EXPECT_EQ(run->end, 100U);
}

TEST(WebShare, SeveralGetTheirPartsAndNoPieceTwice) {
  WebShare share(layout_of({900}));
  share.want({"a"});
  std::vector<bool> asked(900);
  for (std::size_t server = 0; server < 3; ++server) {
    const auto run = share.next(server, 3, kStart);
    ASSERT_TRUE(run.has_value());
    EXPECT_GE(run->end - run->begin, 64U) << "4 MiB at least";
    for (std::uint32_t i = run->begin; i < run->end; ++i) {
      EXPECT_FALSE(asked[i]) << i;
      asked[i] = true;
    }
  }
}

TEST(WebShare, PiecesThatPeersBeganComeLast) {
  WebShare share(layout_of({200}));
  share.want({"a"});
  std::vector<bool> begun(200);
  for (std::size_t i = 0; i < 150; ++i) begun[i] = true;
  share.set_begun(begun);
  EXPECT_EQ(share.next(0, 1, kStart)->begin, 150U);
  EXPECT_EQ(share.next(1, 1, kStart)->begin, 0U);
}

TEST(WebShare, TheFastTakesHalfOfWhatTheSlowHasBeforeIt) {
  WebShare share(layout_of({100}));
  share.want({"a"});
  ASSERT_EQ(share.next(0, 1, kStart)->end, 100U);
  for (std::uint32_t i = 0; i < 20; ++i) share.handed(i, kStart);
  const auto stolen = share.next(1, 2, kStart);
  ASSERT_TRUE(stolen.has_value());
  EXPECT_EQ(stolen->begin, 60U);
  EXPECT_EQ(stolen->end, 100U);
  EXPECT_EQ(share.end_of(0), 60U);
  EXPECT_EQ(share.end_of(1), 100U);
}

TEST(WebShare, TheLastPieceChangesHandsOnlyAfterAWhile) {
  WebShare share(layout_of({1}));
  share.want({"a"});
  ASSERT_TRUE(share.next(0, 2, kStart).has_value());
  EXPECT_FALSE(share.next(1, 2, kStart + seconds(1)).has_value());
  EXPECT_TRUE(share.next(1, 2, kStart + seconds(3)).has_value());
  EXPECT_EQ(share.end_of(0), 0U) << "nothing is left for the first";
}

TEST(WebShare, WhatAServerLeavesIsForEverybody) {
  WebShare share(layout_of({100}));
  share.want({"a"});
  ASSERT_TRUE(share.next(0, 1, kStart).has_value());
  for (std::uint32_t i = 0; i < 30; ++i) share.handed(i, kStart);
  share.over(0);
  const auto rest = share.next(1, 1, kStart);
  ASSERT_TRUE(rest.has_value());
  EXPECT_EQ(rest->begin, 30U);
  EXPECT_EQ(rest->end, 100U);
}

TEST(WebShare, AHandedPieceThatNeverArrivesIsFetchedAgain) {
  WebShare share(layout_of({1}));
  share.want({"a"});
  ASSERT_TRUE(share.next(0, 1, kStart).has_value());
  share.handed(0, kStart);
  share.over(0);
  EXPECT_EQ(share.handed_pieces(), 1U);
  share.set_there({false}, kStart + seconds(5));
  EXPECT_FALSE(share.next(0, 1, kStart + seconds(5)).has_value());
  share.set_there({false}, kStart + seconds(11));
  EXPECT_EQ(share.handed_pieces(), 0U);
  EXPECT_TRUE(share.next(0, 1, kStart + seconds(11)).has_value());
}

TEST(WebShare, PeersAreSparedWhatAServerBringsWhileTheyHaveEnough) {
  WebShare share(layout_of({200}));
  share.want({"a"});
  ASSERT_EQ(share.next(0, 2, kStart)->end, 100U);
  share.make_room();
  EXPECT_EQ(count(share.spared()), 100U);
  // Peers have brought the rest but for ten pieces.
  std::vector<bool> there(200);
  for (std::size_t i = 100; i < 190; ++i) there[i] = true;
  share.set_there(there, kStart);
  share.make_room();
  EXPECT_EQ(share.end_of(0), 55U) << "half of what is missing is theirs now";
  EXPECT_EQ(count(share.spared()), 55U);
}

// A server that brings a fifth of what comes keeps a fifth of what is missing, and gives away nothing
// while peers have enough or for a difference that is not worth a connection.
TEST(WebShare, AServerKeepsWhatItBringsInTheTimeThatPeersNeedForTheRest) {
  WebShare share(layout_of({200}));
  share.want({"a"});
  ASSERT_EQ(share.next(0, 2, kStart)->end, 100U);
  share.make_room(100, 0.2);
  EXPECT_EQ(share.end_of(0), 100U) << "peers have a hundred";
  share.make_room(101, 0.2);
  EXPECT_EQ(share.end_of(0), 40U);
  std::vector<bool> there(200);
  for (std::size_t i = 100; i < 120; ++i) there[i] = true;
  share.set_there(there, kStart);
  share.make_room(1000, 0.2);
  EXPECT_EQ(share.end_of(0), 40U) << "36 would be its part";
  share.over(0);
  EXPECT_EQ(share.missing_pieces(), 180U);
  EXPECT_EQ(share.next(0, 2, kStart, 36)->end, 36U) << "no more than it was said that it may have";
}

TEST(WebShare, WithLittleLeftPeersAreAskedForAll) {
  WebShare share(layout_of({4}));
  share.want({"a"});
  ASSERT_TRUE(share.next(0, 2, kStart).has_value());
  share.make_room();
  EXPECT_EQ(count(share.spared()), 0U);
}

// Servers of any speed, which end and come back at random: it ends, and every piece comes.
TEST(WebShare, EndsWhateverTheServersDo) {
  struct Server {
    std::optional<PieceRun> run;
    std::uint32_t at = 0;
  };
  for (unsigned rng_seed = 1; rng_seed <= 50; ++rng_seed) {
    std::mt19937 random(rng_seed);
    const auto layout = layout_of({static_cast<std::uint32_t>(1 + random() % 50), 0,
                                   static_cast<std::uint32_t>(1 + random() % 300)});
    WebShare share(layout);
    share.want({"a", "b", "c"});
    std::vector<Server> servers(1 + random() % 4);
    std::vector<bool> there(layout.pieces);
    MonoTime now = kStart;
    for (std::size_t round = 0; count(there) < there.size(); ++round) {
      ASSERT_LT(round, 100'000U) << "seed " << rng_seed;
      now += milliseconds(50);
      const std::size_t i = random() % servers.size();
      Server& server = servers[i];
      if (!server.run) {
        server.run = share.next(i, servers.size(), now);
        if (server.run) server.at = server.run->begin;
      } else if (random() % 20 == 0 || server.at >= share.end_of(i)) {
        share.over(i);
        server.run.reset();
      } else {
        const std::uint32_t piece = layout.files[server.run->file].first + server.at++;
        share.handed(piece, now);
        if (random() % 30 != 0) there[piece] = true;  // Else the session did not take it.
      }
      share.set_there(there, now);
      share.make_room();
    }
    EXPECT_EQ(share.handed_pieces(), 0U);
  }
}

}  // namespace
}  // namespace phase::boot
