#include "sim/hostile/dht_attack.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "proto/bencode.h"

namespace phase::sim {
namespace {

using Kind = bencode::Value::Kind;
using testing::Contains;

constexpr int kPerTarget = 7;

Sha1 target_of(std::uint8_t first) {
  Sha1 out{};
  out.fill(0x5A);
  out[0] = first;
  return out;
}

SecretKey key() {
  auto out = SecretKey::from_seed(Bytes(32, 7));
  check(out.ok(), "a seed of 32 bytes");
  return std::move(*out);
}

/// The pointer of release `version`, as its publisher signed it.
SignedItem pointer_of(std::uint64_t version) {
  Pointer pointer;
  pointer.release_version = version;
  pointer.infohash_v1.fill(static_cast<std::uint8_t>(version));
  return sign_item(key(), pointer_salt("stable", "x86_64", 0),
                   static_cast<std::int64_t>(1000 + version), encode_pointer(pointer));
}

std::string query(const std::string& verb, const Sha1& target) {
  const std::string name =
      verb == "get_peers" || verb == "announce_peer" ? "9:info_hash" : "6:target";
  return "d1:ad2:id20:abcdefghij0123456789" + name +
         "20:" + std::string(as_text(ByteView(target.data(), target.size()))) + "e1:q" +
         std::to_string(verb.size()) + ":" + verb + "1:t2:aa1:y1:qe";
}

struct Answer {
  Bytes datagram;
  std::string harm;
};

Answer ask(DhtCrowd& crowd, const std::string& datagram, std::size_t node = 0) {
  Answer out;
  out.datagram = crowd.answer(node, as_bytes(datagram), out.harm);
  return out;
}

/// The item in an answer, under the salt that was asked for.
std::optional<SignedItem> item_in(const Answer& answer) {
  const auto read = bencode::decode(answer.datagram, {.bytes = 4000, .values = 1000});
  const auto* r = read ? read->find("r", Kind::kDict) : nullptr;
  const auto* value = r == nullptr ? nullptr : r->find("v", Kind::kDict);
  if (value == nullptr) return std::nullopt;
  SignedItem out;
  out.salt = pointer_salt("stable", "x86_64", 0);
  out.seq = r->find("seq", Kind::kInteger)->integer;
  out.key.bytes = *exactly<32>(r->find("k", Kind::kString)->string);
  out.signature = *exactly<64>(r->find("sig", Kind::kString)->string);
  const std::string whole(as_text(answer.datagram));
  const auto from = whole.find("1:vd") + 3;
  const std::string rest = whole.substr(from);
  const Bytes bytes(rest.begin(), rest.end());
  // The value goes on to where the reply's dict ends.
  for (std::size_t size = 2; size <= bytes.size(); ++size) {
    const auto part = ByteView(bytes).first(size);
    if (bencode::decode(part, {.bytes = 1000}).ok()) {
      out.value.assign(part.begin(), part.end());
      return out;
    }
  }
  return std::nullopt;
}

DhtCrowd crowd_with(DhtAttack attack) {
  if (attack.targets.empty()) attack.targets = {target_of(1), target_of(2), target_of(3)};
  attack.per_target = kPerTarget;
  return DhtCrowd(std::move(attack), *parse_endpoint("10.1.1.1:7000"));
}

TEST(DhtCrowd, SitsNearerToEachTargetThanChancePuts) {
  const auto crowd = crowd_with({});
  ASSERT_EQ(crowd.nodes().size(), 3U * kPerTarget);
  std::set<Sha1> ids;
  for (std::size_t i = 0; i < crowd.nodes().size(); ++i) {
    const auto& node = crowd.nodes()[i];
    const Sha1 target = target_of(static_cast<std::uint8_t>(1 + i / kPerTarget));
    EXPECT_TRUE(std::equal(target.begin(), target.begin() + 18, node.id.begin())) << i;
    EXPECT_NE(node.id, target);
    EXPECT_EQ(node.at.text(), "10.1.1.1:" + std::to_string(7000 + i));
    ids.insert(node.id);
  }
  EXPECT_EQ(ids.size(), crowd.nodes().size());
}

TEST(DhtCrowd, NamesTheNearestOfItsOwn) {
  auto crowd = crowd_with({});
  const auto answer = ask(crowd, query("find_node", target_of(2)), 3);
  EXPECT_EQ(answer.harm, "");
  const auto named = read_nodes(answer.datagram);
  ASSERT_EQ(named.size(), 8U);
  for (int i = 0; i < kPerTarget; ++i) EXPECT_EQ(named[static_cast<std::size_t>(i)].id[0], 2) << i;
  EXPECT_NE(named[7].id[0], 2);
}

TEST(DhtCrowd, IsSilentWhereNothingWasAsked) {
  auto crowd = crowd_with({});
  for (const std::string datagram :
       {"", "garbage", "d1:rd2:id20:abcdefghij0123456789e1:t2:aa1:y1:re"}) {
    const auto answer = ask(crowd, datagram);
    EXPECT_TRUE(answer.datagram.empty()) << datagram;
    EXPECT_EQ(answer.harm, "");
  }
}

TEST(DhtCrowd, ReplaysEveryOldPointerInTurn) {
  const std::vector<SignedItem> old = {pointer_of(1), pointer_of(2), pointer_of(3)};
  auto crowd = crowd_with({.targets = {old[0].target()}, .replayed = old});
  for (int round = 0; round < 3; ++round) {
    for (const auto& item : old) {
      const auto answer = ask(crowd, query("get", item.target()), static_cast<std::size_t>(round));
      const auto shown = item_in(answer);
      ASSERT_TRUE(shown.has_value());
      EXPECT_EQ(shown->seq, item.seq);
      EXPECT_TRUE(verify_item(*shown).ok()) << "a replay is correctly signed";
      EXPECT_EQ(answer.harm, "replay-" + std::to_string(item.seq - 1000));
    }
  }
}

// Whatever chance makes of it: what is counted as forged is nothing that the key signed, and what
// is counted as replayed is.
TEST(DhtCrowd, ForgesWhatItsKeyNeverSigned) {
  const std::vector<SignedItem> old = {pointer_of(1), pointer_of(2), pointer_of(11)};
  std::map<std::string, int> counts;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    auto crowd = crowd_with(
        {.targets = {old[0].target()}, .replayed = old, .forge = true, .rng_seed = seed});
    for (int i = 0; i < 12; ++i) {
      const auto answer = ask(crowd, query("get", old[0].target()));
      ++counts[answer.harm];
      const auto shown = item_in(answer);
      ASSERT_TRUE(shown.has_value());
      EXPECT_EQ(verify_item(*shown).ok(), answer.harm != "forge") << answer.harm;
      // Well-formed, or nobody would look at its signature.
      EXPECT_TRUE(decode_pointer(shown->value).ok()) << answer.harm;
    }
  }
  const std::map<std::string, int> all = {
      {"replay-1", 100}, {"replay-2", 100}, {"replay-11", 100}, {"forge", 300}};
  EXPECT_EQ(counts, all);
}

TEST(DhtCrowd, HasNoItemForOtherTargets) {
  const auto old = pointer_of(1);
  auto crowd = crowd_with({.targets = {old.target()}, .replayed = {old}});
  const auto answer = ask(crowd, query("get", target_of(9)));
  EXPECT_FALSE(item_in(answer).has_value());
  EXPECT_EQ(answer.harm, "");
  EXPECT_FALSE(answer.datagram.empty());
}

TEST(DhtCrowd, DropsWhatIsPutAndSaysThatItWasStored) {
  auto crowd = crowd_with({});
  const auto put =
      ask(crowd, "d1:ad2:id20:abcdefghij01234567895:token4:nonee1:q3:put1:t2:aa1:y1:qe");
  EXPECT_EQ(put.harm, "dropped-put");
  EXPECT_FALSE(put.datagram.empty());
  const auto announced = ask(crowd, query("announce_peer", target_of(1)));
  EXPECT_EQ(announced.harm, "dropped-announce_peer");
}

TEST(DhtCrowd, NamesBogusPeersThatFitIntoADatagram) {
  const auto bogus = make_bogus_peers(*parse_endpoint("10.99.0.0:1"), 3000, 5);
  auto crowd = crowd_with({.bogus_peers = bogus});
  const auto answer = ask(crowd, query("get_peers", target_of(1)));
  EXPECT_EQ(answer.harm, "bogus-peers");
  EXPECT_LE(answer.datagram.size(), 1472U) << "Ethernet, IPv4, UDP";
  const auto read = bencode::decode(answer.datagram, {.bytes = 4000, .values = 1000});
  ASSERT_TRUE(read.ok()) << read.error().detail;
  const auto* values = read->find("r", Kind::kDict)->find("values", Kind::kList);
  ASSERT_NE(values, nullptr);
  EXPECT_EQ(values->list.size(), 100U);
  for (const auto& value : values->list) EXPECT_THAT(bogus, Contains(*parse_compact(value.string)));

  auto without = crowd_with({});
  EXPECT_EQ(ask(without, query("get_peers", target_of(1))).harm, "");
}

TEST(BogusPeers, AreSoManyOfOneNetworkAndTheSeedsAlone) {
  const auto network = *parse_endpoint("10.99.0.0:1");
  const auto some = make_bogus_peers(network, 500, 5);
  EXPECT_EQ(std::set<Endpoint>(some.begin(), some.end()).size(), 500U);
  for (const auto& one : some) {
    EXPECT_TRUE(one.host().starts_with("10.99.")) << one.text();
    EXPECT_GE(one.port, 1024);
    EXPECT_NE(one.address[3], 0);
    EXPECT_NE(one.address[3], 255);
  }
  EXPECT_EQ(some, make_bogus_peers(network, 500, 5));
  EXPECT_NE(some, make_bogus_peers(network, 500, 6));
}

}  // namespace
}  // namespace phase::sim
