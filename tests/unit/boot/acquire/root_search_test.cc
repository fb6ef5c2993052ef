// Goal: newer roots are found at those who hold them, whoever lies beside them, and what is
// accepted is what the chain rule says. Method: real HTTP on loopback, from a server that answers
// each path with fixed bytes; a session without a DHT, whose events come from here.
#include "boot/root_search.h"

#include <condition_variable>
#include <mutex>

#include "tests/unit/boot/acquire/fixed_server.h"
#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

using std::chrono::seconds;
using test::FixedServer;
using test::key;

RoleKeys role(std::uint8_t number) { return {{key(number).public_key()}, 1}; }

/// Version `version`, all roles with key `number`, signed by each of `signers`.
Bytes root_document(std::uint64_t version, std::uint8_t number,
                    const std::vector<std::uint8_t>& signers) {
  Root root = virtual_root(key(number).public_key());
  root.version = version;
  std::vector<SecretKey> owned;
  std::vector<const SecretKey*> keys;
  for (const std::uint8_t signer : signers) owned.push_back(key(signer));
  for (const SecretKey& one : owned) keys.push_back(&one);
  return sign_envelope(kRootType, *encode_root(root), keys);
}

class RootSearchTest : public testing::Test {
 protected:
  void SetUp() override {
    dht::SessionOptions options;
    options.listen = {*parse_address("127.0.0.1", 0)};
    options.network = dht::NetworkKind::kPrivate;
    options.enable_dht = false;
    auto session = dht::Session::open(options);
    ASSERT_TRUE(session.ok()) << session.error().detail;
    session_ = std::move(*session);
  }
  RootSearch search(bool use_dht = false) {
    return {*session_, trusted_, {.use_dht = use_dht, .http = {}}, [this] {
              const std::lock_guard lock(mutex_);
              ++woken_;
              changed_.notify_all();
            }};
  }
  /// Until no request is under way; how often the root became a newer one.
  int run(RootSearch& search) {
    int newer = 0;
    const auto deadline = std::chrono::steady_clock::now() + seconds(20);
    while (!search.settled(now_) && std::chrono::steady_clock::now() < deadline) {
      std::unique_lock lock(mutex_);
      changed_.wait_until(lock, deadline, [this] { return woken_ > 0; });
      woken_ = 0;
      lock.unlock();
      if (!search.tick(now_)) continue;
      ++newer;
      // The one after it is looked for in the DHT anew.
      now_ += std::chrono::milliseconds(1100);
    }
    EXPECT_TRUE(search.settled(now_));
    return newer;
  }

  Root trusted_ = virtual_root(key(1).public_key());
  std::unique_ptr<dht::Session> session_;
  MonoTime now_{seconds(1000)};
  std::mutex mutex_;
  std::condition_variable changed_;
  int woken_ = 0;
};

TEST_F(RootSearchTest, GoesAsFarAsAProviderLeads) {
  const Bytes second = root_document(2, 2, {1, 2});
  const Bytes third = root_document(3, 3, {2, 3});
  FixedServer server({{next_root_path(trusted_), encode_root_chain({second, third})}});
  RootSearch roots = search();
  roots.ask(server.url());
  roots.start(now_);
  EXPECT_FALSE(roots.settled(now_)) << "somebody is being asked";
  EXPECT_EQ(run(roots), 1);
  EXPECT_EQ(roots.root().version, 3u);
  EXPECT_EQ(roots.root().root, role(3));
  EXPECT_EQ(roots.documents(), (std::vector<Bytes>{second, third}));
  EXPECT_TRUE(roots.take_refusals().empty());
}

// The first root's holder knows one step, somebody else the next: each is asked again.
TEST_F(RootSearchTest, AsksThoseGivenAgainForTheVersionAfter) {
  const Bytes second = root_document(2, 2, {1, 2});
  const Bytes third = root_document(3, 3, {2, 3});
  Root after = virtual_root(key(2).public_key());
  after.version = 2;
  FixedServer one({{next_root_path(trusted_), encode_root_chain({second})}});
  FixedServer other({{next_root_path(after), encode_root_chain({third})}});
  RootSearch roots = search();
  roots.ask(one.url());
  roots.ask(other.url());
  roots.start(now_);
  EXPECT_EQ(run(roots), 2);
  EXPECT_EQ(roots.root().version, 3u);
}

TEST_F(RootSearchTest, TakesNothingFromLiars) {
  const Bytes unsigned_by_old = root_document(2, 9, {9});
  const Bytes skipping = root_document(3, 1, {1});
  FixedServer forger({{next_root_path(trusted_), encode_root_chain({unsigned_by_old})}});
  FixedServer skipper({{next_root_path(trusted_), encode_root_chain({skipping})}});
  FixedServer babbler({{next_root_path(trusted_), test::pattern(100'000)}});
  RootSearch roots = search();
  for (const FixedServer* server : {&forger, &skipper, &babbler}) roots.ask(server->url());
  roots.start(now_);
  EXPECT_EQ(run(roots), 0);
  EXPECT_EQ(roots.root(), trusted_);
  EXPECT_TRUE(roots.documents().empty());
  EXPECT_EQ(roots.take_refusals().size(), 3u);
  for (const FixedServer* server : {&forger, &skipper, &babbler}) {
    EXPECT_EQ(server->answered(), 1u) << "an attack that was not delivered proves nothing";
  }
}

TEST_F(RootSearchTest, TakesTheHonestAnswerBesideLiars) {
  FixedServer forger({{next_root_path(trusted_), encode_root_chain({root_document(2, 9, {9})})}});
  FixedServer honest({{next_root_path(trusted_), encode_root_chain({root_document(2, 2, {1, 2})})}});
  RootSearch roots = search();
  roots.ask(forger.url());
  roots.ask(honest.url());
  roots.start(now_);
  EXPECT_EQ(run(roots), 1);
  EXPECT_EQ(roots.root().version, 2u);
  EXPECT_EQ(forger.answered(), 1u);
}

TEST_F(RootSearchTest, AsksWhomTheDhtNames) {
  FixedServer server({{next_root_path(trusted_), encode_root_chain({root_document(2, 2, {1, 2})})}});
  RootSearch roots = search(true);
  roots.start(now_);
  // The session's first look-up, as its DHT would answer it.
  for (dht::LookupId lookup = 0; lookup < 4; ++lookup) {
    roots.handle(dht::ProvidersFound{lookup, {server.endpoint()}}, now_);
  }
  roots.handle(dht::DhtReady{1}, now_);
  EXPECT_FALSE(roots.settled(now_));
  EXPECT_EQ(run(roots), 1);
  EXPECT_EQ(roots.root().version, 2u);
}

TEST_F(RootSearchTest, IsSettledInTimeWhereNobodyAnswers) {
  RootSearch roots = search(true);
  EXPECT_TRUE(roots.settled(now_)) << "nothing was asked yet";
  roots.start(now_);
  EXPECT_FALSE(roots.settled(now_));
  ASSERT_TRUE(roots.deadline().has_value());
  EXPECT_EQ(*roots.deadline(), now_ + kRootPatience);
  EXPECT_TRUE(roots.settled(now_ + kRootPatience));
}

// With nobody named and nobody given there is nothing more to wait for; another lookup's end says
// nothing.
TEST_F(RootSearchTest, IsSettledOnceTheNearestNodesHaveAnswered) {
  RootSearch roots = search(true);
  const dht::LookupId before = session_->find_peers({});
  roots.start(now_);
  const dht::LookupId after = session_->find_peers({});
  ASSERT_EQ(after, before + 2);
  roots.handle(dht::DhtReady{1}, now_);
  roots.handle(dht::PeersAnswered{before}, now_);
  roots.handle(dht::PeersAnswered{after}, now_);
  EXPECT_FALSE(roots.settled(now_));
  roots.handle(dht::PeersAnswered{before + 1}, now_);
  EXPECT_TRUE(roots.settled(now_));
}

TEST_F(RootSearchTest, IsNotSettledBeforeThoseWhoWereNamedHaveAnswered) {
  FixedServer server({{next_root_path(trusted_), encode_root_chain({root_document(2, 2, {1, 2})})}});
  RootSearch roots = search(true);
  const dht::LookupId before = session_->find_peers({});
  roots.start(now_);
  roots.handle(dht::DhtReady{1}, now_);
  roots.handle(dht::ProvidersFound{before + 1, {server.endpoint()}}, now_);
  roots.handle(dht::PeersAnswered{before + 1}, now_);
  EXPECT_FALSE(roots.settled(now_));
  EXPECT_EQ(run(roots), 1);
  EXPECT_EQ(roots.root().version, 2u);
}

TEST_F(RootSearchTest, TakesWhatItsOwnerCameAcross) {
  RootSearch roots = search();
  roots.start(now_);
  EXPECT_FALSE(roots.offer({test::pattern(50)}, "torrent", now_));
  EXPECT_TRUE(roots.offer({root_document(2, 2, {1, 2})}, "torrent", now_));
  EXPECT_FALSE(roots.offer({root_document(2, 2, {1, 2})}, "torrent", now_)) << "known already";
  EXPECT_EQ(roots.root().version, 2u);
}

}  // namespace
}  // namespace phase::boot
