// tests/unit/dht/direct_lookup_test.cc
// Goal: a lookup asks the right nodes at the right times, gets through a bad network, and hostile
// answers neither grow it nor hold it up for long. Method: time is a variable; answers are given by
// hand, or by a network of nodes that know each other, lose packets and lie.
#include "dht/direct_lookup.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonoTime kBegin{seconds(1000)};
constexpr std::size_t kInFlight = DirectLookup::kInFlight;

Endpoint node_at(unsigned number, std::uint8_t net = 10) {
  Endpoint out;
  out.address = {net, static_cast<std::uint8_t>(number >> 16U),
                 static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)};
  out.port = 6881;
  return out;
}
/// The larger the number, the farther from the target of all zeros.
Sha1 id_of(unsigned number) {
  Sha1 out{};
  for (int i = 0; i < 4; ++i) out.at(i) = static_cast<std::uint8_t>(number >> (24U - 8U * i));
  out[19] = 1;
  return out;
}
DhtContact contact(unsigned number, std::uint8_t net = 10) {
  return {id_of(number), node_at(number, net)};
}

const Standpoint kPrivate{false, {node_at(0xffffff)}};
const Standpoint kPublic{true, {node_at(0xffffff, 44)}};

/// Everybody who is asked now.
std::vector<Endpoint> all_next(DirectLookup& lookup, MonoTime now) {
  std::vector<Endpoint> out;
  while (const auto next = lookup.next(now)) out.push_back(*next);
  return out;
}

TEST(DirectLookup, AsksEightAtOnceAndAnotherForEachThatAnswersOrIsLate) {
  DirectLookup lookup(Sha1{}, kPrivate);
  for (unsigned i = 0; i < 20; ++i) lookup.add_start(node_at(i));
  EXPECT_EQ(all_next(lookup, kBegin).size(), kInFlight);
  EXPECT_EQ(lookup.deadline(), kBegin + DirectLookup::kPatience);
  EXPECT_TRUE(lookup.answered(node_at(0), id_of(500), {}));
  EXPECT_EQ(all_next(lookup, kBegin + milliseconds(50)), std::vector{node_at(8)});
  EXPECT_TRUE(all_next(lookup, kBegin + milliseconds(299)).empty());
  EXPECT_EQ(all_next(lookup, kBegin + milliseconds(300)).size(), 7U);
}

TEST(DirectLookup, AsksTheNearestFirstAndStartsWithoutAnIdLast) {
  DirectLookup lookup(Sha1{}, kPrivate);
  for (unsigned i = 100; i < 116; ++i) lookup.add_start(node_at(i));
  ASSERT_EQ(all_next(lookup, kBegin).size(), kInFlight);
  ASSERT_TRUE(lookup.answered(node_at(100), id_of(5000), {contact(30), contact(10), contact(20)}));
  ASSERT_TRUE(lookup.answered(node_at(101), id_of(5001), {contact(40), contact(5)}));
  ASSERT_TRUE(lookup.answered(node_at(102), id_of(5002), {}));
  EXPECT_EQ(all_next(lookup, kBegin + milliseconds(50)),
            (std::vector{node_at(5), node_at(10), node_at(20)}));
}

TEST(DirectLookup, AsksTheSilentOnceMoreWhenAllOthersWereAsked) {
  DirectLookup lookup(Sha1{}, kPrivate);
  for (unsigned i = 0; i < 10; ++i) lookup.add_known(contact(i));
  std::map<Endpoint, int> asked;
  MonoTime now = kBegin;
  for (int i = 0; i < 3; ++i, now += DirectLookup::kPatience) {
    for (const auto& at : all_next(lookup, now)) ++asked[at];
    if (i == 1) {
      // The last two had never been asked: they came before any repetition.
      EXPECT_EQ(asked.size(), 10U);
    }
  }
  for (const auto& [at, times] : asked) EXPECT_EQ(times, DirectLookup::kTries) << at.text();
}

TEST(DirectLookup, HearsALateAnswer) {
  DirectLookup lookup(Sha1{}, kPrivate);
  lookup.add_start(node_at(1));
  ASSERT_EQ(all_next(lookup, kBegin).size(), 1U);
  EXPECT_EQ(all_next(lookup, kBegin + milliseconds(400)), std::vector{node_at(1)});
  EXPECT_TRUE(lookup.answered(node_at(1), id_of(900), {contact(3)}));
  EXPECT_EQ(all_next(lookup, kBegin + milliseconds(500)), std::vector{node_at(3)});
}

TEST(DirectLookup, DoesNotHearWhoeverWasNotAsked) {
  DirectLookup lookup(Sha1{}, kPrivate);
  for (unsigned i = 0; i < 9; ++i) lookup.add_known(contact(i));
  ASSERT_EQ(all_next(lookup, kBegin).size(), kInFlight);
  EXPECT_FALSE(lookup.answered(node_at(77), id_of(1), {contact(50)}));
  EXPECT_FALSE(lookup.answered(node_at(8), id_of(1), {contact(50)}));  // Known, its turn is to come.
  Endpoint other_port = node_at(0);
  other_port.port = 1;
  EXPECT_FALSE(lookup.answered(other_port, id_of(1), {contact(50)}));
  EXPECT_EQ(lookup.candidates(), 9U);
}

TEST(DirectLookup, TakesFewOfThousandsThatOneAnswerNames) {
  DirectLookup lookup(Sha1{}, kPrivate);
  lookup.add_start(node_at(0));
  ASSERT_EQ(all_next(lookup, kBegin).size(), 1U);
  std::vector<DhtContact> many;
  for (unsigned i = 1; i <= 5000; ++i) many.push_back(contact(i));
  ASSERT_TRUE(lookup.answered(node_at(0), id_of(9000), many));
  EXPECT_EQ(lookup.candidates(), 1 + DirectLookup::kMaxNamed);
}

TEST(DirectLookup, StaysWithinItsCandidatesAndAsksHoweverManyAreNamed) {
  DirectLookup lookup(Sha1{}, kPrivate);
  for (unsigned i = 0; i < 8; ++i) lookup.add_start(node_at(1'000'000 + i));
  std::size_t asked = 0;
  unsigned named = 0;
  MonoTime now = kBegin;
  for (; !lookup.over() && now < kBegin + seconds(60); now += milliseconds(10)) {
    for (const auto& at : all_next(lookup, now)) {
      ++asked;
      // Everybody answers and names more that are nearer than all before.
      std::vector<DhtContact> more;
      for (int i = 0; i < 100; ++i) more.push_back(contact(500'000 - ++named));
      ASSERT_TRUE(lookup.answered(at, id_of(1'000'000), more));
    }
    EXPECT_LE(lookup.candidates(), DirectLookup::kMaxCandidates);
  }
  EXPECT_TRUE(lookup.over());
  EXPECT_LE(asked, DirectLookup::kRounds * std::size_t{DirectLookup::kMaxAsked});
}

TEST(DirectLookup, AsksNeitherItselfNorPortZero) {
  DirectLookup lookup(Sha1{}, kPrivate);
  lookup.add_start(node_at(0));
  ASSERT_EQ(all_next(lookup, kBegin).size(), 1U);
  DhtContact nowhere = contact(1);
  nowhere.at.port = 0;
  const DhtContact ourselves{id_of(2), kPrivate.own.front()};
  ASSERT_TRUE(lookup.answered(node_at(0), id_of(9000), {nowhere, ourselves, contact(3)}));
  EXPECT_EQ(all_next(lookup, kBegin), std::vector{node_at(3)});
}

TEST(DirectLookup, AsksOneAddressOnceHoweverManyIdsItIsNamedWith) {
  DirectLookup lookup(Sha1{}, kPrivate);
  lookup.add_start(node_at(0));
  ASSERT_EQ(all_next(lookup, kBegin).size(), 1U);
  std::vector<DhtContact> same;
  for (unsigned i = 1; i <= 16; ++i) same.push_back({id_of(i), node_at(7)});
  ASSERT_TRUE(lookup.answered(node_at(0), id_of(9000), same));
  EXPECT_EQ(all_next(lookup, kBegin), std::vector{node_at(7)});
}

TEST(DirectLookup, TakesOneNodeOfABlockOnThePublicNetworkOnly) {
  for (const Standpoint* standpoint : {&kPublic, &kPrivate}) {
    DirectLookup lookup(Sha1{}, *standpoint);
    lookup.add_start(node_at(0x10000, 8));
    ASSERT_EQ(all_next(lookup, kBegin).size(), 1U);
    std::vector<DhtContact> named;
    for (unsigned i = 1; i <= 6; ++i) named.push_back(contact(i, 8));
    named.push_back(contact(0x101, 8));  // The next /24.
    ASSERT_TRUE(lookup.answered(node_at(0x10000, 8), id_of(9000), named));
    const auto asked = all_next(lookup, kBegin);
    if (standpoint->public_network) {
      EXPECT_EQ(asked, (std::vector{node_at(1, 8), node_at(0x101, 8)}));
    } else {
      EXPECT_EQ(asked.size(), 7U);
    }
  }
}

TEST(DirectLookup, AsksNodesWhoseIdDoesNotFitTheirAddressLaterOnThePublicNetworkOnly) {
  const auto fitting = parse_endpoint("124.31.75.21:1");  // BEP 42's example.
  Sha1 id{0x5f, 0xbf, 0xbf};
  id[19] = 1;
  for (const Standpoint* standpoint : {&kPublic, &kPrivate}) {
    DirectLookup lookup(Sha1{}, *standpoint);
    lookup.add_start(node_at(0x10000, 8));
    ASSERT_EQ(all_next(lookup, kBegin).size(), 1U);
    // The one that does not fit claims to be much nearer.
    ASSERT_TRUE(lookup.answered(node_at(0x10000, 8), id_of(9000), {contact(1, 8), {id, *fitting}}));
    const auto asked = all_next(lookup, kBegin);
    ASSERT_EQ(asked.size(), 2U);
    EXPECT_EQ(asked.front() == *fitting, standpoint->public_network);
  }
}

TEST(DirectLookup, AsksOnlyNearerOnesOnceItHasFound) {
  DirectLookup lookup(Sha1{}, kPrivate);
  for (unsigned i = 1; i <= 40; ++i) lookup.add_known(contact(i * 10));
  for (unsigned i = 1; i <= 8; ++i) {
    ASSERT_EQ(lookup.next(kBegin), node_at(i * 10));
    ASSERT_TRUE(lookup.answered(node_at(i * 10), id_of(i * 10),
                                i == 8 ? std::vector{contact(5)} : std::vector<DhtContact>{}));
  }
  lookup.found();
  EXPECT_EQ(all_next(lookup, kBegin), std::vector{node_at(5)});
  EXPECT_FALSE(lookup.over());
  ASSERT_TRUE(lookup.answered(node_at(5), id_of(5), {}));
  EXPECT_TRUE(all_next(lookup, kBegin).empty());
  EXPECT_TRUE(lookup.over());
  EXPECT_EQ(lookup.deadline(), MonoTime::max());
}

TEST(DirectLookup, StartsOverAFewTimesAndAgainWhereANodeBecomesKnown) {
  DirectLookup lookup(Sha1{}, kPrivate);
  EXPECT_TRUE(all_next(lookup, kBegin).empty());
  EXPECT_TRUE(lookup.over());  // Nobody to ask.
  lookup.add_start(node_at(1));
  EXPECT_FALSE(lookup.over());
  int asked = 0;
  MonoTime now = kBegin;
  for (; !lookup.over() && now < kBegin + seconds(60); now = std::max(now, lookup.deadline())) {
    asked += static_cast<int>(all_next(lookup, now).size());
  }
  EXPECT_EQ(asked, DirectLookup::kRounds * DirectLookup::kTries);
  lookup.add_start(node_at(1));
  EXPECT_TRUE(lookup.over());  // Nothing new.
  lookup.add_start(node_at(2));
  EXPECT_EQ(all_next(lookup, now).size(), 2U);
}

/// A DHT: each node knows the nodes nearest to it and some far ones. Half a round trip of 25 ms.
class FakeDht {
 public:
  FakeDht(unsigned seed, std::size_t nodes) : random_(seed) {
    for (unsigned i = 0; i < nodes; ++i) {
      DhtContact one{{}, node_at(i)};
      for (auto& byte : one.id) byte = static_cast<std::uint8_t>(random_());
      all_.push_back(one);
    }
    std::vector<DhtContact> nearest = all_;
    sort_by_nearness(nearest, Sha1{});
    for (std::size_t i = 0; i < 8; ++i) holders_.insert(nearest[i].at);
    for (const auto& one : all_) known_[one.at] = table_of(one);
  }

  double loss = 0;                         ///< Of a question with its answer.
  double dead = 0;                         ///< Of the nodes but the first 8.
  std::set<Endpoint> liars;                ///< They name nodes beside the target that do not exist.

  /// Time until the first holder's answer; a minute where none came.
  milliseconds run(DirectLookup& lookup) {
    struct Answer {
      MonoTime at;
      Endpoint from;
    };
    std::deque<Answer> coming;
    for (MonoTime now = kBegin; now < kBegin + seconds(60); now += milliseconds(1)) {
      for (; !coming.empty() && coming.front().at <= now; coming.pop_front()) {
        const Endpoint from = coming.front().from;
        if (!lookup.answered(from, id(from), named_by(from))) ADD_FAILURE() << "an answer unheard";
        if (holders_.contains(from) && !liars.contains(from)) {
          return std::chrono::duration_cast<milliseconds>(now - kBegin);
        }
      }
      for (const auto& to : all_next(lookup, now)) {
        ++asked;
        if (!known_.contains(to) || is_dead(to) || chance() < loss) continue;
        coming.push_back({now + milliseconds(50), to});
      }
    }
    return seconds(60);
  }
  std::size_t asked = 0, lies = 0;
  [[nodiscard]] const std::vector<DhtContact>& all() const { return all_; }

 private:
  /// The first 12, which is more than anybody takes.
  static void sort_by_nearness(std::vector<DhtContact>& nodes, const Sha1& to) {
    std::partial_sort(nodes.begin(), nodes.begin() + 12, nodes.end(),
                      [&](const auto& a, const auto& b) {
                        return distance(a.id, to) < distance(b.id, to);
                      });
  }
  std::vector<DhtContact> table_of(const DhtContact& one) {
    std::vector<DhtContact> others = all_;
    std::erase(others, one);
    sort_by_nearness(others, one.id);
    std::vector<DhtContact> out(others.begin(), others.begin() + 12);
    for (int i = 0; i < 16; ++i) out.push_back(others[random_() % others.size()]);
    return out;
  }
  std::vector<DhtContact> named_by(const Endpoint& from) {
    if (liars.contains(from)) {
      std::vector<DhtContact> out;
      for (int i = 0; i < 16; ++i) out.push_back({id_of(0), node_at(100'000 + unsigned(++lies))});
      return out;
    }
    std::vector<DhtContact> out = known_.at(from);
    sort_by_nearness(out, Sha1{});
    out.resize(8);
    return out;
  }
  Sha1 id(const Endpoint& at) const {
    return std::find_if(all_.begin(), all_.end(), [&](const auto& one) { return one.at == at; })->id;
  }
  bool is_dead(const Endpoint& at) const {
    const auto number = at.address[2] * 256U + at.address[3];
    return number >= 8 && (number * 2654435761U % 1000) < dead * 1000;
  }
  double chance() { return static_cast<double>(random_() % 1000) / 1000; }

  std::mt19937 random_;
  std::vector<DhtContact> all_;
  std::set<Endpoint> holders_;
  std::map<Endpoint, std::vector<DhtContact>> known_;
};

void report(const std::vector<milliseconds>& sorted) {
  std::printf("found after %ld, %ld, %ld ms (half, 95 %%, all)\n",
              static_cast<long>(sorted[sorted.size() / 2].count()),
              static_cast<long>(sorted[sorted.size() * 95 / 100].count()),
              static_cast<long>(sorted.back().count()));
}

TEST(DirectLookup, FindsWhatIsThereThoughAFifthIsLostAndAThirdOfAllNodesAreDead) {
  std::vector<milliseconds> times;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    FakeDht network(seed, 300);
    network.loss = 0.19;
    network.dead = 0.3;
    DirectLookup lookup(Sha1{}, kPrivate);
    for (unsigned i = 0; i < 16; ++i) lookup.add_start(node_at(i));
    times.push_back(network.run(lookup));
    EXPECT_LT(times.back(), seconds(2)) << "rng_seed " << seed;
  }
  std::sort(times.begin(), times.end());
  report(times);
  EXPECT_LT(times[25], milliseconds(300));
  EXPECT_LT(times[47], milliseconds(900));
}

// A third of the nodes name, beside the target, nodes that do not exist, new ones every time.
TEST(DirectLookup, IsNotHeldUpLongByLiarsWhoNameNodesThatDoNotExist) {
  std::size_t lies = 0;
  std::vector<milliseconds> times;
  for (unsigned seed = 1; seed <= 25; ++seed) {
    FakeDht network(seed, 300);
    for (unsigned i = 0; i < 300; i += 3) network.liars.insert(node_at(i));
    DirectLookup lookup(Sha1{}, kPrivate);
    for (unsigned i = 0; i < 16; ++i) lookup.add_start(node_at(i));
    times.push_back(network.run(lookup));
    EXPECT_LT(times.back(), seconds(5)) << "rng_seed " << seed;
    lies += network.lies;
  }
  EXPECT_GT(lies, 0U);
  std::sort(times.begin(), times.end());
  report(times);
  EXPECT_LT(times[12], milliseconds(800));
}

}  // namespace
}  // namespace phase::dht
