// Goal: a hostile host on the link costs milliseconds and no more. Method: real datagrams of known
// attacks on Avahi 0.8, each counted as delivered by what the attacked program says.
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <thread>
#include <vector>

#include "sim/hostile/mdns.h"
#include "tests/integration/lan_attacker.h"
#include "tests/integration/lan_fixture.h"

namespace phase::lan_test {
namespace {

using sim::dns_answer;
using sim::kDnsCname;
using sim::kDnsPtr;
using sim::wire_name;

constexpr seconds kSoon{20};
const std::string kType = "_phase-boot._tcp.local";

/// Ids of the programs that `process` has started.
std::vector<pid_t> children_of(const Process& process) {
  const std::string tasks = "/proc/" + std::to_string(process.pid()) + "/task";
  std::vector<pid_t> out;
  for (const auto& task : std::filesystem::directory_iterator(tasks)) {
    std::ifstream children(task.path() / "children");
    std::copy(std::istream_iterator<pid_t>(children), {}, std::back_inserter(out));
  }
  return out;
}

/// Port 5353 is open in the host of `process` (the kernel's table, which has no event to wait for).
bool listens(const Process& process) {
  const auto until = std::chrono::steady_clock::now() + kSoon;
  while (std::chrono::steady_clock::now() < until) {
    std::ifstream file("/proc/" + std::to_string(process.pid()) + "/net/udp");
    const std::string table(std::istreambuf_iterator<char>(file), {});
    if (table.find(":14E9 ") != std::string::npos) return true;
    std::this_thread::yield();
  }
  return false;
}

class LanAttack : public LanTest {};

// What an attacker would have who did get into the program that reads his datagrams.
TEST_F(LanAttack, TheProgramThatReadsTheLinkHasNoRights) {
  const auto b = host("b");
  auto victim = node(b, {"--no-daemon"});
  expect_line(*victim, "browsed", kSoon);
  const auto children = children_of(*victim);
  ASSERT_EQ(children.size(), 1U);
  const std::string proc = "/proc/" + std::to_string(children.front());
  const auto slurp = [&](const std::string& name) {
    std::ifstream file(proc + name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string status = slurp("/status");
  for (const char* line : {"Uid:\t65534\t65534\t65534\t65534", "CapPrm:\t0000000000000000",
                           "CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Groups:\t \n"}) {
    EXPECT_THAT(status, testing::HasSubstr(line));
  }
  const std::string limits = slurp("/limits");
  std::vector<const char*> expected{"Max core file size +0 +0", "Max file size +0 +0",
                                    "Max processes +0 +0"};
#ifndef __SANITIZE_ADDRESS__  // Where it cannot be (dht/lan/confine.cc).
  expected.push_back("Max address space +201326592 +201326592");
  // Who started it here has none, so this filter is its own.
  EXPECT_THAT(status, testing::HasSubstr("Seccomp:\t2\nSeccomp_filters:\t1\n"));
#endif
  for (const char* limit : expected) {
    EXPECT_TRUE(std::regex_search(limits, std::regex(limit))) << limit << "\n" << limits;
  }
  EXPECT_EQ(slurp("/environ").substr(0, 24), "DBUS_SYSTEM_BUS_ADDRESS=");
}

// CVE-2025-68468 ends a process that browses with libavahi-core (an assertion), CVE-2026-24401 one
// that resolves; both need an alias.
TEST_F(LanAttack, DatagramsThatEndAvahiDoNotReachIt) {
  const auto a = host("a");
  const auto b = host("b");
  const Attacker attacker(host("evil"));
  auto victim = node(b, {"--instance", "victim", "--publish", "6882", "8082", "--no-daemon"});
  expect_line(*victim, "registered", kSoon);
  const auto before = children_of(*victim);
  ASSERT_EQ(before.size(), 1U);

  const std::string to_itself = dns_answer({{kType, kDnsCname, 120, wire_name(kType)}});
  const std::string expires = dns_answer({{kType, kDnsCname, 120, wire_name("x.local")},
                                          {"x.local", kDnsCname, 2, wire_name("y.local")},
                                          {"x.local", kDnsPtr, 2, wire_name("q." + kType)}});
  const std::string of_a_service = dns_answer({{kType, kDnsPtr, 120, wire_name("evil." + kType)},
                                               {"evil." + kType, kDnsCname, 120,
                                                wire_name("evil." + kType)}});
  int sent = 0;
  for (const auto& datagram : {expires, to_itself, of_a_service, std::string("short")}) {
    sent += attacker.send(datagram) ? 1 : 0;
  }
  ASSERT_EQ(sent, 4);
  expect_line(*victim, "note phase-lan: datagrams refused so far .*: [1-4]", kSoon);

  // Another node is found afterwards, by the same child.
  auto there = node(a, {"--instance", "there", "--publish", "6881", "8081", "--no-daemon"});
  expect_line(*victim, "found 'there'", kSoon);
  expect_line(*there, "found 'victim'", kSoon);
  EXPECT_EQ(children_of(*victim), before);
  EXPECT_TRUE(victim->lines_matching("started again|'evil'").empty()) << victim->last_lines(20);
}

// The second line of defence: a child that ends all the same.
TEST_F(LanAttack, AChildThatEndsIsReplacedAndNobodySeesIt) {
  const auto a = host("a");
  const auto b = host("b");
  auto there = node(a, {"--instance", "there", "--publish", "6881", "8081", "--no-daemon"});
  auto victim = node(b, {"--instance", "victim", "--publish", "6882", "8082", "--no-daemon"});
  expect_line(*victim, "found 'there'", kSoon);
  expect_line(*there, "found 'victim'", kSoon);
  expect_line(*victim, "registered", kSoon);
  const auto from = lines_so_far(*victim);
  const auto children = children_of(*victim);
  ASSERT_EQ(children.size(), 1U);
  ASSERT_EQ(kill(children.front(), SIGABRT), 0);
  expect_line(*victim, "note phase-lan ended by signal 6", kSoon, from);
  expect_line(*victim, "registered 'victim' by phase-lan", kSoon, from);
  expect_line(*victim, "browsed", kSoon, from);
  auto late = node(a, {"--instance", "late", "--publish", "6883", "8083", "--no-daemon"});
  expect_line(*victim, "found 'late'", kSoon, from);
  EXPECT_TRUE(victim->lines_matching("gone 'there'").empty()) << victim->last_lines(30);
  EXPECT_TRUE(there->lines_matching("gone 'victim'").empty()) << there->last_lines(30);
}

// Forged services, each complete and with an address of its own, come while a machine looks for the
// one real node.
class Flood : public LanAttack {
 protected:
  void SetUp() override {
    LanAttack::SetUp();
    real_ = host("real");
    looking_ = host("looking");
    attacker_ = std::make_unique<Attacker>(host("evil"));
    there_ = node(real_, {"--instance", "there", "--publish", "6881", "8081", "--no-daemon"});
    expect_line(*there_, "registered", kSoon);
    wait_for_silence(looking_);
    auto machine = node(looking_, {"--no-daemon"});
    alone_ = ms_of(expect_line(*machine, "found 'there'", kSoon));
    ASSERT_TRUE(machine->stop(seconds(5)).ok());
    wait_for_silence(looking_);
  }

  /// Returns after how many milliseconds the real node was found.
  long look() {
    auto machine = node(looking_, {"--no-daemon"});
    EXPECT_TRUE(listens(*machine));
    std::thread flood([&] {
      for (int i = 0; i < 1000; ++i) sent_ += attacker_->send(forged_service(i)) ? 1 : 0;
    });
    const long flooded = ms_of(expect_line(*machine, "found 'there'", kSoon));
    flood.join();
    expect_line(*machine, "browsed", kSoon);
    // One that comes after the flood is found too.
    auto late = node(real_, {"--instance", "late", "--publish", "6883", "8083", "--no-daemon"});
    expect_line(*late, "registered", kSoon);
    expect_line(*machine, "found 'late'", kSoon);
    forged_ = machine->lines_matching("found 'forged-").size();
    EXPECT_TRUE(machine->lines_matching("started again").empty()) << machine->last_lines(30);
    std::printf("found after %ld ms alone, after %ld ms while %d forged answers came (%zu taken)\n",
                alone_, flooded, sent_, forged_);
    return flooded;
  }

  Host real_, looking_;
  std::unique_ptr<Attacker> attacker_;
  Running there_;
  long alone_ = 0;
  int sent_ = 0;
  std::size_t forged_ = 0;
};

TEST_F(Flood, OfAThousandAnswersCostsMilliseconds) {
  const long flooded = look();
  EXPECT_EQ(sent_, 1000);
  EXPECT_GE(forged_, 100U) << "the flood was not delivered";
  EXPECT_LT(flooded, alone_ + 1500);
}

}  // namespace
}  // namespace phase::lan_test
