// tests/integration/dht_item_test.cc
// Pointers in a DHT of plain nodes: put, found by strangers, kept alive by those without a key.
#include <iostream>

#include "dht_fixture.h"
#include "proto/keys.h"
#include "proto/pointer.h"
#include "proto/ports.h"

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

SignedItem make_item(const SecretKey& key, const std::string& salt, std::int64_t seq,
                     const std::string& text) {
  const std::string value = std::to_string(text.size()) + ":" + text;
  return sign_item(key, salt, seq, Bytes(value.begin(), value.end()));
}

class DhtItems : public DhtTest {
 protected:
  static std::function<bool()> stored(const Node& node, std::int64_t seq) {
    return [&node, seq] {
      return node.find<ItemStored>([seq](const ItemStored& s) { return s.seq == seq; }) != nullptr;
    };
  }
  static std::function<bool()> found(const Node& node, std::int64_t seq) {
    return [&node, seq] {
      return node.find<ItemFound>([seq](const ItemFound& f) { return f.item.seq == seq; }) !=
             nullptr;
    };
  }
  SecretKey key_ = SecretKey::generate(system_random());
};

// A reader that knows one node and the key finds what a publisher put, exactly as it was signed;
// the publisher is gone by then, so that only plain nodes can have answered.
TEST_F(DhtItems, AreFoundByAReaderAfterTheirPublisherHasGone) {
  const auto bootstrap = start_plain_nodes(1);
  const auto item = make_item(key_, "phase/1/stable/x86_64", 7, "pointer");
  {
    Node publisher = open(2, bootstrap);
    publisher.session->put_item(item);
    ASSERT_TRUE(run_until({&publisher}, seconds(20), stored(publisher, 7)));
    EXPECT_GE(publisher.find<ItemStored>()->nodes, 4);
  }
  const auto start = std::chrono::steady_clock::now();
  Node reader = open(3, bootstrap, [](SessionOptions& o) { o.read_only_dht = true; });
  reader.session->find_item(key_.public_key(), item.salt);
  ASSERT_TRUE(run_until({&reader}, seconds(20), found(reader, 7)));
  const auto took = std::chrono::steady_clock::now() - start;
  std::cout << "find_item from empty state, session opening included: "
            << std::chrono::duration_cast<milliseconds>(took).count() << " ms\n";
  const SignedItem& got = reader.find<ItemFound>()->item;
  EXPECT_EQ(got.key, item.key);
  EXPECT_EQ(got.salt, item.salt);
  EXPECT_EQ(got.value, item.value);
  EXPECT_EQ(got.signature, item.signature);
  EXPECT_TRUE(verify_item(got).ok());
  EXPECT_NE(reader.find<DhtReady>(), nullptr);
}

// A follower carries an item to a network that has never heard of it, with nothing but the item.
TEST_F(DhtItems, ArePutAgainByANodeWithoutTheKey) {
  const auto first = start_plain_nodes(1);
  const auto second = start_plain_nodes(2);
  const auto item = make_item(key_, "phase/1/stable/x86_64", 3, "pointer");
  Node publisher = open(3, first);
  publisher.session->put_item(item);
  ASSERT_TRUE(run_until({&publisher}, seconds(20), stored(publisher, 3)));
  Node follower = open(4, first);
  follower.session->find_item(item.key, item.salt);
  ASSERT_TRUE(run_until({&follower}, seconds(20), found(follower, 3)));

  Node carrier = open(5, second);
  carrier.session->put_item(follower.find<ItemFound>()->item);
  ASSERT_TRUE(run_until({&carrier}, seconds(20), stored(carrier, 3)));
  Node reader = open(6, second);
  reader.session->find_item(item.key, item.salt);
  ASSERT_TRUE(run_until({&reader}, seconds(20), found(reader, 3)));
  EXPECT_TRUE(verify_item(reader.find<ItemFound>()->item).ok());
}

// Somebody who missed a release puts the old pointer again; the newer one must stay.
TEST_F(DhtItems, StayNewestWhenAnOldOneIsPutAgain) {
  const auto bootstrap = start_plain_nodes(1);
  const auto old_item = make_item(key_, "s", 1, "old");
  const auto new_item = make_item(key_, "s", 2, "new");
  Node publisher = open(2, bootstrap);
  publisher.session->put_item(new_item);
  ASSERT_TRUE(run_until({&publisher}, seconds(20), stored(publisher, 2)));
  Node stale = open(3, bootstrap);
  stale.session->put_item(old_item);
  ASSERT_TRUE(
      run_until({&stale}, seconds(20), [&] { return stale.find<ItemStored>() != nullptr; }));

  Node reader = open(4, bootstrap);
  reader.session->find_item(old_item.key, old_item.salt);
  ASSERT_TRUE(run_until({&reader}, seconds(20), found(reader, 2)));
  EXPECT_EQ(reader.find<ItemFound>([](const ItemFound& f) { return f.item.seq == 1; }), nullptr);
}

// The lookup goes on after the first value: a pointer published later is found, too.
TEST_F(DhtItems, AreFoundAgainOnceTheyChange) {
  const auto bootstrap = start_plain_nodes(1);
  Node publisher = open(2, bootstrap);
  Node reader = open(3, bootstrap);
  const auto lookup = reader.session->find_item(key_.public_key(), "s");
  ASSERT_TRUE(
      run_until({&reader}, seconds(20), [&] { return reader.find<ItemAnswered>() != nullptr; }));
  publisher.session->put_item(make_item(key_, "s", 1, "one"));
  ASSERT_TRUE(run_until({&publisher, &reader}, seconds(20), found(reader, 1)));
  publisher.session->put_item(make_item(key_, "s", 2, "two"));
  ASSERT_TRUE(run_until({&publisher, &reader}, seconds(20), found(reader, 2)));
  EXPECT_EQ(reader.find<ItemFound>()->lookup, lookup);
}

// Only dead nodes are known: nothing is found, nothing is claimed, and a node added later helps.
TEST_F(DhtItems, AreFoundThroughANodeThatIsLearnedLate) {
  const auto bootstrap = start_plain_nodes(1);
  const auto item = make_item(key_, "s", 1, "late");
  Node publisher = open(2, bootstrap);
  publisher.session->put_item(item);
  ASSERT_TRUE(run_until({&publisher}, seconds(20), stored(publisher, 1)));
  Node reader = open(3, address(99));
  reader.session->find_item(item.key, item.salt);
  EXPECT_FALSE(run_until({&reader}, seconds(2), [&] { return !reader.events.empty(); }));
  reader.session->add_nodes({bootstrap});
  ASSERT_TRUE(run_until({&reader}, seconds(20), found(reader, 1)));
  EXPECT_GT(reader.session->dht_nodes(), 0u);
  EXPECT_FALSE(reader.session->saved_nodes().empty());
}

TEST_F(DhtItems, ThatNoNodeWouldStoreAreReportedAsStoredNowhere) {
  const auto bootstrap = start_plain_nodes(1);
  Node publisher = open(2, bootstrap);
  auto item = make_item(key_, "s", 1, "small");
  const std::string large = "1200:" + std::string(1200, 'x');
  item.value.assign(large.begin(), large.end());
  publisher.session->put_item(item);
  ASSERT_TRUE(run_until({&publisher}, seconds(20), stored(publisher, 1)));
  EXPECT_EQ(publisher.find<ItemStored>()->nodes, 0);
}

}  // namespace
}  // namespace phase::dht
