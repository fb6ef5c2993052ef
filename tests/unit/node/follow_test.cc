// Goal: a node on the link that says it has what nobody has costs a follower an attempt now and
// then, and keeps it from nothing else. Method: a real session that reaches nobody; the time, the
// liar and the pointers come from here.
#include "node/follow.h"

#include <gtest/gtest.h>

#include "node/trust_document.h"
#include "proto/envelope.h"
#include "tests/unit/node/release_fixture.h"

namespace phase::node {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class MovedClock final : public Clock {
 public:
  [[nodiscard]] MonoTime now() const override { return time; }
  [[nodiscard]] WallTime wall() const override { return {1'800'000'000}; }
  MonoTime time{seconds(1000)};
};

class NoOwner final : public FollowOwner {
 public:
  Result<void> adopt(const FollowTarget&, const boot::Acquired&) override {
    ADD_FAILURE() << "nothing could have been fetched";
    return {};
  }
  void refresh(const FollowTarget&, const std::vector<SignedItem>&) override {}
  [[nodiscard]] std::vector<boot::OlderRelease> older(const FollowTarget&) const override {
    return {};
  }
  Held learned(const FollowTarget&, const std::vector<Bytes>&) override { return {}; }
};

class FollowTest : public testing::Test {
 protected:
  void SetUp() override {
    dht::SessionOptions options;
    options.listen = {*parse_address("127.0.0.1", 0)};
    options.network = dht::NetworkKind::kPrivate;
    auto session = dht::Session::open(options);
    ASSERT_TRUE(session.ok()) << session.error().detail;
    session_ = std::move(*session);
  }
  /// Of a node that holds version 1.
  [[nodiscard]] std::unique_ptr<Follower> follower() { return follower({1, {pointer(1)}}); }
  [[nodiscard]] std::unique_ptr<Follower> follower(Held held) {
    FollowOptions options;
    options.target = {key_base(key_.public_key()), "stable", "x86_64"};
    options.incoming = folder_.path();
    options.use_lan = true;
    options.look_every = seconds(1);  // For five seconds each: nearly always.
    return std::make_unique<Follower>(*session_, clock_, system_random(), owner_,
                                      std::move(options), std::move(held));
  }
  [[nodiscard]] SignedItem pointer(std::uint64_t version) const {
    Pointer out;
    out.release_version = version;
    out.expires = 1'900'000'000;
    out.infohash_v1.fill(static_cast<std::uint8_t>(version));
    out.infohash_v2.fill(static_cast<std::uint8_t>(version));
    return sign_item(key_, pointer_salt("stable", "x86_64", 0),
                     static_cast<std::int64_t>(version), encode_pointer(out));
  }
  [[nodiscard]] dht::LanEvent liar() const {
    dht::LanNode node;
    node.instance = "liar";
    node.addresses = {*parse_address("192.0.2.1", 0)};
    node.service.http_port = 80;
    node.service.releases = {{key_.public_key().id(), "stable", "x86_64", 1'000'000}};
    return dht::LanFound{node};
  }
  /// How often an attempt began in that time.
  int attempts_within(Follower& follower, Duration time) {
    int began = 0;
    for (const MonoTime end = clock_.time + time; clock_.time < end; clock_.time += milliseconds(250)) {
      const bool before = follower.acquiring() != nullptr;
      follower.tick();
      if (!before && follower.acquiring() != nullptr) ++began;
    }
    return began;
  }

  node::test::TempFolder folder_;
  SecretKey key_ = node::test::key_from(7);
  MovedClock clock_;
  NoOwner owner_;
  std::unique_ptr<dht::Session> session_;
};

TEST_F(FollowTest, ALiarOnTheLinkIsAskedLessAndLess) {
  const auto node = follower();
  EXPECT_EQ(attempts_within(*node, minutes(5)), 0);
  node->handle(liar());
  const int attempts = attempts_within(*node, minutes(20));
  EXPECT_GE(attempts, 10);
  EXPECT_LE(attempts, 30);
}

TEST_F(FollowTest, ALiarDoesNotHoldUpWhatTheKeySigned) {
  const auto node = follower();
  node->handle(liar());
  ASSERT_GT(attempts_within(*node, minutes(10)), 0);
  while (node->acquiring() == nullptr) attempts_within(*node, milliseconds(250));
  while (node->acquiring() != nullptr) attempts_within(*node, milliseconds(250));
  // The pause is at its longest now, 45 s at least; the key is looked up all the same.
  attempts_within(*node, seconds(3));
  ASSERT_EQ(node->acquiring(), nullptr);
  constexpr dht::LookupId kLookups = 2000;
  for (dht::LookupId lookup = 0; lookup < kLookups; ++lookup) {
    node->handle(dht::ItemFound{lookup, pointer(2)});
  }
  attempts_within(*node, milliseconds(250));
  EXPECT_NE(node->acquiring(), nullptr);
}

// The pointer key was lost, or stolen: what it signs counts no more once the root says so.
TEST_F(FollowTest, ANewRootDecidesWhosePointerCounts) {
  const SecretKey next = node::test::key_from(9);
  RootChanges changes;
  changes.pointer.set = {next.public_key()};
  const Root root = *next_root(virtual_root(key_.public_key()), changes, clock_.wall());
  const Bytes document = sign_envelope(kRootType, *encode_root(root), {&key_});
  const auto node = follower();
  attempts_within(*node, milliseconds(250));

  EXPECT_FALSE(node->offer_roots({sign_envelope(kRootType, *encode_root(root), {&next})}));
  EXPECT_EQ(node->root().version, 1u);
  ASSERT_TRUE(node->offer_roots({document}));
  EXPECT_EQ(node->root(), root);
  EXPECT_FALSE(node->offer_roots({document})) << "the same again is nothing new";

  const auto tell = [&](const SignedItem& item) {
    constexpr dht::LookupId kLookups = 2000;
    for (dht::LookupId lookup = 0; lookup < kLookups; ++lookup) {
      node->handle(dht::ItemFound{lookup, item});
    }
  };
  attempts_within(*node, milliseconds(500));
  tell(pointer(99));
  EXPECT_EQ(attempts_within(*node, milliseconds(500)), 0);
  SignedItem good = pointer(2);
  good = sign_item(next, good.salt, good.seq, good.value);
  tell(good);
  EXPECT_EQ(attempts_within(*node, milliseconds(500)), 1);
}

// Whoever publishes the first release under a new pointer key may be looking for one meanwhile, and
// nobody but the node itself has it.
TEST_F(FollowTest, WhatIsPublishedEndsAnAttemptThatWasBegunForLess) {
  const auto node = follower(Held{});
  ASSERT_EQ(attempts_within(*node, milliseconds(500)), 1);
  ASSERT_NE(node->acquiring(), nullptr);
  node->published(Held{2, {pointer(2)}});
  EXPECT_EQ(attempts_within(*node, minutes(5)), 0);
  EXPECT_EQ(node->acquiring(), nullptr);
  EXPECT_EQ(node->held().release_version, 2U);
}

}  // namespace
}  // namespace phase::node
