// Goal: a node id that does not belong to its address is refused (BEP 42), with the BEP's own table.
// Method: our DHT is libtorrent's, so its session decides; the nodes of the table live at their real
// addresses, in a network of their own, and answer by hand. The rule is held against the table, too.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <libtorrent/alert_types.hpp>
#include <libtorrent/bdecode.hpp>
#include <libtorrent/session.hpp>
#include <libtorrent/session_params.hpp>
#include <libtorrent/settings_pack.hpp>
#include <memory>
#include <set>
#include <string>

#include "proto/bencode.h"
#include "proto/bytes.h"
#include "proto/fd.h"
#include "proto/hash.h"

namespace phase::dht {
namespace {

namespace lt = libtorrent;
using lt_settings = lt::settings_pack;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

struct Bep42 {
  const char* address;
  std::uint8_t random;
  const char* id;
};
// BEP 42, "test vectors".
constexpr std::array<Bep42, 5> kTable = {{
    {"124.31.75.21", 1, "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401"},
    {"21.75.31.124", 86, "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256"},
    {"65.23.51.170", 22, "a5d43220bc8f112a3d426c84764f8c2a1150e616"},
    {"84.124.73.14", 65, "1b0321dd1bb1fe518101ceef99462b947a01ff41"},
    {"43.213.53.83", 90, "e56f6cbf5b7c4be0237986d5243b87aa6d51305a"},
}};

constexpr std::uint16_t kPort = 6881;
constexpr const char* kOwnAddress = "93.184.216.34";

Sha1 id_of(const Bep42& row) {
  return *exactly<20>(*from_hex(row.id));
}

/// An id of the same node that BEP 42 does not allow: the bit `bit` is another.
Sha1 flipped(Sha1 id, std::size_t bit) {
  id[bit / 8] ^= static_cast<std::uint8_t>(0x80 >> bit % 8);
  return id;
}

std::uint32_t crc32c(ByteView bytes) {
  std::uint32_t crc = ~0U;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0);
  }
  return ~crc;
}

// "The first 21 bits are those of crc32c((ip & 0x030f3fff) | (r << 29)), the last byte is random and
// its lowest three bits are r."
TEST(Bep42, TheTableFollowsTheRule) {
  for (const Bep42& row : kTable) {
    std::array<std::uint8_t, 4> address{};
    ASSERT_EQ(::inet_pton(AF_INET, row.address, address.data()), 1);
    constexpr std::array<std::uint8_t, 4> kMask = {0x03, 0x0f, 0x3f, 0xff};
    for (std::size_t i = 0; i < 4; ++i) address[i] &= kMask[i];
    address[0] |= static_cast<std::uint8_t>((row.random & 7) << 5);
    const std::uint32_t crc = crc32c(address);
    const Sha1 id = id_of(row);
    EXPECT_EQ(id[0], crc >> 24) << row.address;
    EXPECT_EQ(id[1], crc >> 16 & 0xff) << row.address;
    EXPECT_EQ(id[2] & 0xf8, crc >> 8 & 0xf8) << row.address;
    EXPECT_EQ(id[19], row.random) << row.address;
  }
}

/// A DHT node that answers every question with its id and nothing else.
class Node {
 public:
  Node(const char* address, std::uint16_t port, const Sha1& id) : id_(id) {
    socket_ = Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    check(::inet_pton(AF_INET, address, &at.sin_addr) == 1 &&
              ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0,
          "a node of the test has its address");
    thread_ = std::thread([this] { run(); });
  }
  ~Node() {
    ends_ = true;

    thread_.join();
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  [[nodiscard]] int answers() const { return answers_; }

 private:
  void run() {
    while (!ends_) {
      pollfd ready{socket_.get(), POLLIN, 0};
      if (::poll(&ready, 1, 100) != 1) continue;
      std::array<char, 1500> bytes;
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const ssize_t got = ::recvfrom(socket_.get(), bytes.data(), bytes.size(), 0,
                                     reinterpret_cast<sockaddr*>(&from), &size);
      lt::error_code error;
      const auto question = got > 0 ? lt::bdecode({bytes.data(), got}, error) : lt::bdecode_node();
      const auto transaction = question.type() == lt::bdecode_node::dict_t
                                   ? question.dict_find_string_value("t")
                                   : lt::string_view();
      if (transaction.empty()) continue;
      Bytes answer;
      bencode::put_raw(answer, "d1:rd2:id");
      bencode::put_string(answer, id_);
      bencode::put_raw(answer, "5:nodes0:5:token1:xe1:t");
      bencode::put_string(answer, as_bytes({transaction.data(), transaction.size()}));
      bencode::put_raw(answer, "1:y1:re");
      if (::sendto(socket_.get(), answer.data(), answer.size(), 0,
                   reinterpret_cast<const sockaddr*>(&from), size) > 0) {
        ++answers_;
      }
    }
  }

  Sha1 id_;
  Fd socket_;
  std::atomic<int> answers_{0};
  std::atomic<bool> ends_{false};
  std::thread thread_;
};

class NodeIds : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_EQ(std::system("ip link set lo up"), 0);
    for (const Bep42& row : kTable) {
      ASSERT_EQ(std::system(("ip addr add " + std::string(row.address) + "/32 dev lo").c_str()), 0);
    }
    ASSERT_EQ(std::system(("ip addr add " + std::string(kOwnAddress) + "/32 dev lo").c_str()), 0);
  }

  NodeIds() : session_(params()) {}

  static lt::session_params params() {
    lt_settings s;
    s.set_str(lt_settings::listen_interfaces, std::string(kOwnAddress) + ":6881");
    s.set_bool(lt_settings::enable_lsd, false);
    s.set_bool(lt_settings::enable_upnp, false);
    s.set_bool(lt_settings::enable_natpmp, false);
    s.set_bool(lt_settings::enable_ip_notifier, false);
    s.set_str(lt_settings::dht_bootstrap_nodes, "");
    s.set_bool(lt_settings::enable_dht, true);
    s.set_bool(lt_settings::dht_restrict_routing_ips, false);
    s.set_bool(lt_settings::dht_enforce_node_id, true);
    // One address of the table is in a block where libtorrent expects nobody.
    s.set_bool(lt_settings::dht_ignore_dark_internet, false);
    s.set_int(lt_settings::alert_mask, lt::alert_category::dht | lt::alert_category::dht_operation);
    return lt::session_params(std::move(s));
  }

  void meet(const char* address, std::uint16_t port) {
    session_.add_dht_node({address, port});
  }

  /// The ids in the session's routing table.
  std::set<std::string> known() {
    session_.wait_for_alert(std::chrono::milliseconds(50));  // Between two looks.
    if (own_id_.is_all_zeros()) session_.post_dht_stats();
    else session_.dht_live_nodes(own_id_);
    const auto deadline = Clock::now() + seconds(10);
    while (Clock::now() < deadline) {
      session_.wait_for_alert(seconds(1));
      std::vector<lt::alert*> alerts;
      session_.pop_alerts(&alerts);
      for (const lt::alert* one : alerts) {
        if (const auto* stats = lt::alert_cast<lt::dht_stats_alert>(one)) {
          own_id_ = stats->nid;
          session_.dht_live_nodes(own_id_);
        }
        const auto* live = lt::alert_cast<lt::dht_live_nodes_alert>(one);
        if (live == nullptr) continue;
        std::set<std::string> ids;
        for (const auto& [id, endpoint] : live->nodes()) {
          const std::string bytes = id.to_string();
          ids.insert(to_hex(as_bytes(bytes)));
        }
        return ids;
      }
    }
    return {};
  }

  lt::session session_;
  lt::sha1_hash own_id_;
};

TEST_F(NodeIds, ThoseOfTheTableAreTakenAndNoOther) {
  // Bit 20 is the last one that the address decides. The lowest bit of the last byte is part of r,
  // which is hashed with the address, so another r asks for another prefix.
  std::vector<std::unique_ptr<Node>> wrong;
  std::uint16_t port = kPort + 1;
  std::set<std::string> wrong_ids;
  for (const std::size_t bit : {0U, 20U, 159U}) {
    for (const Bep42& row : kTable) {
      const Sha1 id = flipped(id_of(row), bit);
      wrong_ids.insert(to_hex(id));
      wrong.push_back(std::make_unique<Node>(row.address, port, id));
      meet(row.address, port);
    }
    ++port;
  }
  const auto deadline = Clock::now() + seconds(60);
  for (const auto& node : wrong) {
    while (node->answers() == 0) {
      ASSERT_LT(Clock::now(), deadline) << "a node with a wrong id was never asked";
      (void)known();
    }
  }
  std::vector<std::unique_ptr<Node>> right;
  std::set<std::string> right_ids;
  const auto add_right = [&](const char* address, const Sha1& id) {
    right_ids.insert(to_hex(id));
    right.push_back(std::make_unique<Node>(address, port, id));
    meet(address, port);
    ++port;
  };
  for (const Bep42& row : kTable) add_right(row.address, id_of(row));
  // Bit 21 is the node's own choice.
  add_right(kTable[0].address, flipped(id_of(kTable[0]), 21));
  // They were asked after the wrong ones had answered, on one socket: when they are known, the
  // session has judged every one.
  std::set<std::string> ids;
  while ((ids = known()).size() < right_ids.size()) {
    ASSERT_LT(Clock::now(), deadline) << "taken were only " << testing::PrintToString(ids);
  }
  EXPECT_EQ(ids, right_ids);
  for (const std::string& id : wrong_ids) EXPECT_FALSE(ids.contains(id)) << id;
}

}  // namespace
}  // namespace phase::dht
