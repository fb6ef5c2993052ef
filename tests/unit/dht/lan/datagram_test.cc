// Goal: no datagram with an alias in it, and none that is not one, reaches Avahi. Method: packets
// made here, byte by byte.
#include "dht/lan/datagram.h"

#include <gtest/gtest.h>

#include <string>

namespace phase::dht::lan {
namespace {

Bytes name(const std::string& dotted) {
  Bytes out;
  for (std::size_t begin = 0; begin < dotted.size();) {
    const auto end = std::min(dotted.find('.', begin), dotted.size());
    out.push_back(static_cast<std::uint8_t>(end - begin));
    out.insert(out.end(), dotted.begin() + static_cast<long>(begin),
               dotted.begin() + static_cast<long>(end));
    begin = end + 1;
  }
  out.push_back(0);
  return out;
}

void put16(Bytes& out, unsigned value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

Bytes record(unsigned type, const Bytes& data) {
  Bytes out = name("_phase-boot._tcp.local");
  put16(out, type);
  put16(out, 1);
  put16(out, 0);
  put16(out, 120);
  put16(out, static_cast<unsigned>(data.size()));
  out.insert(out.end(), data.begin(), data.end());
  return out;
}

Bytes question() {
  Bytes out = name("_phase-boot._tcp.local");
  put16(out, 12);
  put16(out, 1);
  return out;
}

Bytes packet(const std::vector<Bytes>& questions, const std::vector<Bytes>& answers,
             const std::vector<Bytes>& authorities = {}, const std::vector<Bytes>& more = {}) {
  Bytes out;
  put16(out, 0);
  put16(out, 0x8400);
  for (const auto* part : {&questions, &answers, &authorities, &more}) {
    put16(out, static_cast<unsigned>(part->size()));
  }
  for (const auto* part : {&questions, &answers, &authorities, &more}) {
    for (const auto& bytes : *part) out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return out;
}

TEST(Datagram, PassesAnAnswerAndAQuestion) {
  const auto answer = record(12, name("node._phase-boot._tcp.local"));
  EXPECT_EQ(judge_datagram(packet({}, {answer, record(16, {3, 'v', '=', '1'})})), Verdict::kPass);
  EXPECT_EQ(judge_datagram(packet({question()}, {answer})), Verdict::kPass);
  // A name that is a pointer to another.
  EXPECT_EQ(judge_datagram(packet({question()}, {record(12, {0xC0, 12})})), Verdict::kPass);
}

TEST(Datagram, RefusesAnAliasInEverySection) {
  const auto answer = record(12, name("node.local"));
  for (const unsigned alias : {5U, 39U}) {
    const auto evil = record(alias, name("x.local"));
    EXPECT_EQ(judge_datagram(packet({}, {evil})), Verdict::kAlias);
    EXPECT_EQ(judge_datagram(packet({question()}, {answer, evil})), Verdict::kAlias);
    EXPECT_EQ(judge_datagram(packet({}, {answer}, {evil})), Verdict::kAlias);
    EXPECT_EQ(judge_datagram(packet({}, {answer}, {}, {answer, evil})), Verdict::kAlias);
  }
}

TEST(Datagram, RefusesEveryTruncation) {
  const auto whole = packet({question()}, {record(12, name("node.local"))}, {},
                            {record(16, {3, 'v', '=', '1'})});
  ASSERT_EQ(judge_datagram(whole), Verdict::kPass);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(judge_datagram(ByteView(whole).first(size)), Verdict::kMalformed) << size;
  }
}

TEST(Datagram, RefusesCountsThatAreNotThereAndLabelsThatAreNone) {
  auto counted = packet({}, {});
  counted[6] = 0xFF;
  EXPECT_EQ(judge_datagram(counted), Verdict::kMalformed);
  auto label = packet({question()}, {});
  label[12] = 0x40;  // Neither a length nor a pointer.
  EXPECT_EQ(judge_datagram(label), Verdict::kMalformed);
}

TEST(Datagram, RefusesWhatIsLargerThanMdnsAllows) {
  auto large = packet({}, {record(12, name("node.local"))});
  large.resize(kMaxDatagram);
  EXPECT_EQ(judge_datagram(large), Verdict::kPass);
  large.push_back(0);
  EXPECT_EQ(judge_datagram(large), Verdict::kTooLarge);
}

}  // namespace
}  // namespace phase::dht::lan
