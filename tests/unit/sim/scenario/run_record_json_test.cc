// Goal: what is written of a run is read again as it was, and nothing else is taken. Method: records
// with all fields set; their JSON with one thing changed, and cut off.
#include "sim/scenario/run_record_json.h"

#include <gtest/gtest.h>

#include "tests/unit/sim/scenario/sample_run.h"

namespace phase::sim {
namespace {

RunRecord full() {
  RunRecord out = sample_run(3);
  out.error = "it broke";
  out.interrupted = true;
  out.rng_seed = UINT64_MAX;
  out.hosts[0].kind = HostKind::kQemu;
  out.hosts[0].link.path.jitter = std::chrono::microseconds(5);
  out.hosts[0].link.path.loss = 0.25;
  out.hosts[0].link.path.rng_seed = UINT64_MAX - 1;
  out.boots[0].error = "\"quoted\"\n\x01";
  out.boots[0].refusals = {"manifest", ""};
  out.boots[0].sources[0].bad_pieces = UINT32_MAX;
  return out;
}

/// The JSON of full(), in which `from` stands, with it replaced once.
Result<RunRecord> altered(const std::string& from, const std::string& to) {
  std::string text = write_run_record(full());
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return parse_run_record(text);
}

void expect_refused(const Result<RunRecord>& read, const std::string& told) {
  ASSERT_FALSE(read.ok()) << "taken, instead of: " << told;
  EXPECT_EQ(read.error().code, ErrorCode::kMalformed);
  EXPECT_NE(read.error().detail.find(told), std::string::npos) << "no '" << told << "' in: " << read.error().detail;
}

TEST(RunRecordJson, ComesBackAsItWas) {
  for (const RunRecord& record : {full(), sample_run(100), RunRecord()}) {
    const std::string text = write_run_record(record);
    const auto read = parse_run_record(text);
    ASSERT_TRUE(read.ok()) << read.error().detail;
    EXPECT_EQ(write_run_record(*read), text);
  }
}

TEST(RunRecordJson, EachKindOfValueIsWritten) {
  const RunRecord record = full();
  const auto read = parse_run_record(write_run_record(record));
  ASSERT_TRUE(read.ok()) << read.error().detail;
  EXPECT_EQ(read->rng_seed, UINT64_MAX);
  EXPECT_EQ(read->error, "it broke");
  EXPECT_TRUE(read->interrupted);
  EXPECT_EQ(read->length, record.length);
  EXPECT_EQ(read->lans.at(0).uplink.bits_per_second, 10'000'000u);
  EXPECT_EQ(read->hosts.at(0).role, HostRole::kPublisher);
  EXPECT_EQ(read->hosts.at(0).kind, HostKind::kQemu);
  EXPECT_EQ(read->hosts.at(0).link.path.delay, std::chrono::milliseconds(25));
  EXPECT_EQ(read->hosts.at(0).link.path.jitter, std::chrono::microseconds(5));
  EXPECT_DOUBLE_EQ(read->hosts.at(0).link.path.loss, 0.25);
  EXPECT_EQ(read->hosts.at(0).link.path.rng_seed, UINT64_MAX - 1);
  EXPECT_EQ(read->boots.at(0).error, record.boots[0].error);
  EXPECT_EQ(read->boots.at(0).refusals, record.boots[0].refusals);
  EXPECT_EQ(read->boots.at(0).sources.at(0).bad_pieces, UINT32_MAX);
  EXPECT_EQ(read->boots.at(0).serving, record.boots[0].serving);
  EXPECT_EQ(read->stages.at("prov3").at(0).begin, -4000);
  EXPECT_EQ(read->actions.at(1).targets, std::vector<std::string>{"prov3"});
  EXPECT_EQ(read->versions.size(), record.versions.size());
  EXPECT_EQ(read->bytes.back().sent_by, record.bytes.back().sent_by);
  EXPECT_EQ(read->interface_sent, record.interface_sent);
  EXPECT_EQ(read->interface_received, record.interface_received);
  EXPECT_EQ(read->uplinks.at("office").up, record.uplinks.at("office").up);
  EXPECT_EQ(read->attacks, record.attacks);
  ASSERT_EQ(read->verdicts.size(), record.verdicts.size());
  EXPECT_EQ(read->verdicts.back().reported, record.verdicts.back().reported);
  EXPECT_EQ(read->verdicts[0].found, record.verdicts[0].found);
}

TEST(RunRecordJson, IsAsciiWhateverHostsSaid) {
  RunRecord record = full();
  record.boots[0].error = "\xff\xfe \xc3\xa4";
  const std::string text = write_run_record(record);
  for (const char c : text) ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~'));
  const auto read = parse_run_record(text);
  ASSERT_TRUE(read.ok()) << read.error().detail;
  EXPECT_EQ(read->boots[0].error, "\xef\xbf\xbd\xef\xbf\xbd \xc3\xa4");
}

TEST(RunRecordJson, AnyOtherObjectIsRefusedWithTheFieldsName) {
  expect_refused(altered("\"format\": 1", "\"format\": 2"), "another format");
  expect_refused(altered("\"title\"", "\"tilte\""), "title: is missing");
  expect_refused(altered("\"format\": 1", "\"format\": 1, \"more\": 1"), "unknown keys");
  expect_refused(altered("\"interrupted\": true", "\"interrupted\": 1"), "interrupted: expected true or false");
  expect_refused(altered("\"rng_seed\": 1", "\"rng_seed\": -1"), "rng_seed: expected a whole number");
  expect_refused(altered("\"role\": \"publisher\"", "\"role\": \"king\""), "hosts[0].role: no 'king'");
  expect_refused(altered("\"bad_pieces\": 4294967295", "\"bad_pieces\": 4294967296"), "boots[0].sources[0].bad_pieces");
  expect_refused(altered("\"begin\": -4000", "\"begin\": -4000.5"), "begin: expected a whole number");
  expect_refused(altered("\"begin\": -4000", "\"begin\": 1000000000001"), "begin: expected a whole number");
  expect_refused(altered("\"begin\": -4000", "\"begin\": 1e300"), "begin: expected a whole number");
  expect_refused(altered("\"begin\": -4000", "\"begin\": \"soon\""), "begin: expected a number");
}

TEST(RunRecordJson, APartOfItIsRefused) {
  const std::string text = write_run_record(full());
  for (std::size_t size = 0; size + 2 < text.size(); size += 7) {
    expect_refused(parse_run_record(std::string_view(text).substr(0, size)), "no JSON");
  }
  for (const char* other : {"[]", "1", "null", "\"text\"", "{}", "\xff"}) {
    EXPECT_FALSE(parse_run_record(other).ok()) << other;
  }
}

TEST(RunRecordJson, DepthAndSizeAreCapped) {
  expect_refused(parse_run_record(std::string(1'000'000, '[')), "too deep");
  const std::string large(kMaxRecordBytes + 1, ' ');
  expect_refused(parse_run_record(large), "over 268435456 bytes");
}

}  // namespace
}  // namespace phase::sim
