// Goal: a fetch and a node begin while the names of their bootstrap nodes are still being resolved, and
// take them once they are. Method: the sandbox's resolver is a socket of the test, which answers when
// the test says so. Needs root.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "node/run_fetch.h"
#include "sim/must.h"
#include "sim/sandbox.h"
#include "sim/shell.h"

namespace phase::node {
namespace {

using sim::must;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

/// Where the C library asks for names from now on; it is asked, and stays silent until answer().
class Resolver {
 public:
  explicit Resolver(const std::string& folder) : socket_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    const auto write = [&](const std::string& name, const char* text) {
      std::ofstream(folder + "/" + name) << text;
      const std::string at = "/etc/" + name;
      check(::mount((folder + "/" + name).c_str(), at.c_str(), nullptr, MS_BIND, nullptr) == 0,
            "a file of /etc can be covered");
    };
    write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:1\n");
    write("nsswitch.conf", "hosts: files dns\n");
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(53);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::bind(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0, "port 53 is free");
  }
  ~Resolver() { ::close(socket_); }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Answers both questions that a look-up begins with: 127.0.0.1 for the IPv4 address, and that there
  /// is no other.
  void answer() {
    for (int left = 2; left > 0; --left) {
      std::uint8_t message[512];
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t got = ::recvfrom(socket_, message, sizeof message - 16, 0,
                                     reinterpret_cast<sockaddr*>(&from), &size);
      check(got > 12, "the resolver is asked");
      std::size_t end = 12;  // RFC 1035: the name, then type and class
      while (message[end] != 0) end += message[end] + 1u;
      const bool given = message[end + 2] == 1;
      end += 5;
      message[2] = 0x81, message[3] = 0x80;
      message[7] = given ? 1 : 0;  // answers
      message[9] = message[11] = 0;
      const std::uint8_t record[16] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1};
      if (given) std::copy(record, record + sizeof record, message + end);
      ::sendto(socket_, message, end + (given ? sizeof record : 0), 0,
               reinterpret_cast<sockaddr*>(&from), size);
    }
  }

 private:
  int socket_;
};

class LateNames : public testing::Test {
 protected:
  void SetUp() override {
    must(shell.run("", {"ip", "link", "set", "lo", "up"}));
    nodes_ = must(shell.start("", {"phase-dht-nodes", "--range", "127.0.0.1:6881+12"}));
    must(shell.await(*nodes_, "^ready 12$", "the nodes know each other", minutes(1)));
  }

  const std::string folder = std::getenv("TMPDIR");
  sim::Observer silent;
  sim::Shell shell{sim::own_folder(), folder, silent};
  Resolver resolver{folder};

 private:
  std::unique_ptr<sim::Process> nodes_;
};

TEST_F(LateNames, ANodeServesBeforeTheyAreResolvedAndUsesThemThen) {
  auto node = must(shell.start(
      "", {"plasmd", "serve", "-a", folder + "/store", "--bootstrap", "node.phase.example:6881",
           "--dht-network", "private", "--dht-port", "7881", "--no-lan"}));
  must(shell.await(*node, "^dht on network=private nodes=0$", "it has begun", seconds(20)));
  must(shell.await(*node, "^listening admin=", "it can be asked", seconds(20)));

  resolver.answer();
  const auto until = Clock::now() + seconds(60);
  const std::string none = "dht        0 nodes\n";
  std::string status = none;
  while (status.find(none) != std::string::npos && Clock::now() < until) {
    status = must(shell.run("", {"plasmd", "status"}));
  }
  EXPECT_NE(status.find("dht        "), std::string::npos) << status;
  EXPECT_EQ(status.find(none), std::string::npos) << status;
}

TEST_F(LateNames, AFetchBeginsBeforeTheyAreResolvedAndUsesThemThen) {
  FetchOptions options;
  options.bootstrap = {"node.phase.example:6881"};
  options.network = NetworkChoice::kPrivate;
  options.use_lan = false;
  boot::AcquireOptions acquire;
  const auto began = Clock::now();
  auto visitor = open_visitor(options, acquire);
  ASSERT_TRUE(visitor.ok()) << visitor.error().detail;
  EXPECT_LT(Clock::now() - began, seconds(10)) << "the resolver is given up after 30 s";
  (void)visitor->wait(milliseconds(300));
  EXPECT_EQ(visitor->session->dht_nodes(), 0u);

  resolver.answer();
  bool joined = false;
  const auto until = Clock::now() + seconds(30);
  while (!joined && Clock::now() < until) {
    for (const dht::Event& event : visitor->wait(milliseconds(200))) {
      joined = joined || std::holds_alternative<dht::DhtReady>(event);
    }
  }
  EXPECT_TRUE(joined);
}

}  // namespace
}  // namespace phase::node
