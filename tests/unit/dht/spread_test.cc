// Goal: in a crowd each piece leaves the seed once before any leaves it twice, nobody has more on its
// way than it takes, nor the line more than it carries, and whoever is alone chooses for himself. Method: peers that say what they have.
#include "dht/spread.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kPieces = 40;

class SpreadTest : public ::testing::Test {
 protected:
  const int names_[8] = {};
  [[nodiscard]] Spread::Peer peer(int number) const { return &names_[number]; }
  void join(int number) {
    spread_.join(peer(number), {});
  }
  std::vector<Spread::Gift> all() {
    std::vector<Spread::Gift> out;
    while (const auto gift = spread_.next(now_)) out.push_back(*gift);
    return out;
  }

  Spread spread_{kPieces, 7};
  MonoTime now_ = MonoTime{} + std::chrono::hours(1);
};

TEST_F(SpreadTest, OneAloneIsNoCrowd) {
  join(0);
  EXPECT_FALSE(spread_.gives_to(peer(0)));
  EXPECT_FALSE(spread_.next(now_).has_value());
  join(1);
  EXPECT_TRUE(spread_.gives_to(peer(0)));
  EXPECT_TRUE(spread_.gives_to(peer(1)));
  EXPECT_FALSE(spread_.gives_to(peer(2))) << "it never joined";
  spread_.join(peer(1), std::vector<bool>(kPieces, true));
  EXPECT_FALSE(spread_.gives_to(peer(0))) << "the other one has it all";
}

TEST_F(SpreadTest, WhoNeverSaysWhatHeHasTakesWhatHeLikes) {
  for (int i = 0; i < 3; ++i) join(i);
  for (const auto& gift : all()) {
    spread_.sent(gift.peer, gift.piece, now_);
    if (gift.peer != peer(2)) spread_.has(gift.peer, gift.piece, now_);
  }
  now_ += Spread::kUnsaid;
  (void)all();
  EXPECT_TRUE(spread_.gives_to(peer(0)));
  EXPECT_TRUE(spread_.gives_to(peer(1)));
  EXPECT_FALSE(spread_.gives_to(peer(2)));
}

TEST_F(SpreadTest, EachPieceIsGivenOnceBeforeAnyIsGivenTwice) {
  for (int i = 0; i < 4; ++i) join(i);
  std::map<std::uint32_t, int> given;
  for (std::size_t round = 0; given.size() < kPieces; ++round) {
    ASSERT_LT(round, kPieces);
    const auto gifts = all();
    ASSERT_FALSE(gifts.empty());
    now_ += milliseconds(1000);  // Neither fast nor slow.
    for (const auto& gift : gifts) {
      ++given[gift.piece];
      spread_.has(gift.peer, gift.piece, now_);
    }
  }
  int most = 0;
  for (const auto& [piece, times] : given) most = std::max(most, times);
  EXPECT_LE(most, 2) << "only the last round may begin anew";
}

TEST_F(SpreadTest, TheLeastGivenAndTheRarestComesNext) {
  join(0);
  join(1);
  // Another has them already, from somebody else.
  for (std::uint32_t i = 0; i < kPieces - 4; ++i) spread_.has(peer(1), i, now_);
  std::set<std::uint32_t> first;
  for (const auto& gift : all()) first.insert(gift.piece);
  for (const auto piece : first) EXPECT_GE(piece, kPieces - 4);
  EXPECT_EQ(first.size(), 2 * Spread::kFirstGiven);
}

TEST_F(SpreadTest, WhoIsFastHasMoreOnItsWay) {
  join(0);
  join(1);
  const auto gifts = all();
  EXPECT_EQ(gifts.size(), 2 * Spread::kFirstGiven);
  EXPECT_TRUE(all().empty()) << "nothing has come yet";
  now_ += milliseconds(100);
  for (const auto& gift : gifts) {
    if (gift.peer == peer(0)) spread_.has(gift.peer, gift.piece, now_);
  }
  const auto more = all();
  EXPECT_EQ(more.size(), 2 * Spread::kFirstGiven) << "each that came makes room for two";
  for (const auto& gift : more) EXPECT_EQ(gift.peer, peer(0));
  now_ += seconds(5);
  for (const auto& gift : more) spread_.has(gift.peer, gift.piece, now_);
  EXPECT_LT(all().size(), 2 * Spread::kFirstGiven) << "that was slow";
}

TEST_F(SpreadTest, WhoAsksForNothingOfItTakesWhatHeLikes) {
  for (int i = 0; i < 3; ++i) join(i);
  const auto gifts = all();
  now_ += Spread::kUnasked - seconds(1);
  for (const auto& gift : gifts) {
    if (gift.peer != peer(2)) spread_.asked(gift.peer, gift.piece, now_);
  }
  spread_.asked(peer(2), kPieces, now_);
  now_ += seconds(2);
  (void)all();
  EXPECT_TRUE(spread_.gives_to(peer(0)));
  EXPECT_TRUE(spread_.gives_to(peer(1)));
  EXPECT_FALSE(spread_.gives_to(peer(2)));
}

TEST_F(SpreadTest, WhatDoesNotComeIsGivenToOthers) {
  Spread two(1, 7);
  two.join(peer(0), {});
  two.join(peer(1), {});
  ASSERT_TRUE(two.next(now_).has_value());
  ASSERT_TRUE(two.next(now_).has_value());
  EXPECT_FALSE(two.next(now_).has_value());
  for (MonoTime end = now_ + Spread::kLost; now_ < end; now_ += seconds(1)) {
    for (int i = 0; i < 2; ++i) two.asked(peer(i), 0, now_);  // Again and again, and never has it.
  }
  EXPECT_TRUE(two.next(now_).has_value());
}

TEST_F(SpreadTest, WhoLeavesTakesNothingAlong) {
  for (int i = 0; i < 3; ++i) join(i);
  const auto gifts = all();
  std::set<std::uint32_t> lost;
  for (const auto& gift : gifts) {
    if (gift.peer == peer(2)) lost.insert(gift.piece);
  }
  spread_.leave(peer(2));
  now_ += milliseconds(1000);
  std::set<std::uint32_t> again;
  while (lost.size() != again.size()) {
    for (const auto& gift : gifts) spread_.has(gift.peer, gift.piece, now_);
    const auto more = all();
    ASSERT_FALSE(more.empty()) << "what was lost was never given again";
    for (const auto& gift : more) {
      if (lost.contains(gift.piece)) again.insert(gift.piece);
      spread_.has(gift.peer, gift.piece, now_ + milliseconds(1000));
    }
  }
}

TEST_F(SpreadTest, WhatSomebodyTookBeforeComesLast) {
  join(0);
  join(1);
  for (std::uint32_t i = 0; i < kPieces - 2; ++i) spread_.asked(peer(0), i, now_);
  std::set<std::uint32_t> first;
  for (const auto& gift : all()) first.insert(gift.piece);
  EXPECT_TRUE(first.contains(kPieces - 2));
  EXPECT_TRUE(first.contains(kPieces - 1));
}

TEST_F(SpreadTest, TheLineHoldsWhatItCarriesAndEverybodyHasATurn) {
  for (int i = 0; i < 8; ++i) join(i);
  auto gifts = all();
  EXPECT_EQ(gifts.size(), Spread::kFewestGiven);
  std::set<Spread::Peer> who;
  for (const auto& gift : gifts) who.insert(gift.peer);
  EXPECT_EQ(who.size(), 8U);
  now_ += milliseconds(200);
  for (const auto& gift : gifts) spread_.has(gift.peer, gift.piece, now_);
  gifts = all();
  EXPECT_EQ(gifts.size(), Spread::kFewestGiven + Spread::kFewestGiven / 4) << "a quarter more";
  now_ += Spread::kStale;
  EXPECT_FALSE(all().empty()) << "what does not come holds up nobody else";
}

TEST_F(SpreadTest, CopiesDoNotHoldUpWhatNobodyHas) {
  for (int i = 0; i < 8; ++i) join(i);
  std::set<std::uint32_t> given;
  std::vector<Spread::Gift> gifts;
  while (given.size() < kPieces) {
    gifts = all();
    ASSERT_FALSE(gifts.empty());
    for (const auto& gift : gifts) given.insert(gift.piece);
    now_ += milliseconds(50);
    for (const auto& gift : gifts) spread_.has(gift.peer, gift.piece, now_);
  }
  EXPECT_EQ(all().size(), Spread::kFewestGiven) << "the line carried many times that";
}

TEST_F(SpreadTest, HearsNothingThatIsNotSo) {
  join(0);
  spread_.has(peer(0), kPieces, now_);
  spread_.has(peer(1), 0, now_);
  spread_.sent(peer(1), 0, now_);
  spread_.sent(peer(0), kPieces, now_);
  spread_.leave(peer(1));
  spread_.has(peer(0), 1, now_);
  spread_.has(peer(0), 1, now_);
  spread_.leave(peer(0));
  EXPECT_FALSE(spread_.gives_to(peer(0)));
}

}  // namespace
}  // namespace phase::dht
