// tests/integration/dht_stranger_test.cc
// What strangers get to see of a session, and what they can make it do.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>

#include "dht_fixture.h"
#include "proto/bencode.h"
#include "proto/keys.h"
#include "proto/ports.h"
#include "sim/stranger.h"

namespace phase::dht {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kName = "phase-stable-x86_64-1-01234567";

class DhtStrangers : public DhtTest {};

/// A peer of the wire protocol, by hand.
class RawPeer {
 public:
  explicit RawPeer(const Endpoint& to) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{10, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(to.port);
    std::copy_n(to.address.begin(), 4, reinterpret_cast<std::uint8_t*>(&at.sin_addr));
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
  }
  ~RawPeer() { ::close(fd_); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  /// BEP 3's handshake with BEP 10's bit. The other side's answer to it, all 68 bytes; empty
  /// where it closes instead.
  std::string handshake(const Sha1& infohash) {
    if (!connected_) return {};
    std::string out =
        "\x13"
        "BitTorrent protocol";
    out += std::string("\0\0\0\0\0\x10\0\0", 8);
    out += as_text(infohash);
    out += "-XX0000-abcdefghijkl";
    if (::send(fd_, out.data(), out.size(), MSG_NOSIGNAL) < 0) return {};
    return read(68);
  }
  /// The payload of the extension handshake (BEP 10).
  std::string extension_handshake() {
    for (;;) {
      const std::string size = read(4);
      if (size.size() != 4) return {};
      std::uint32_t length = 0;
      std::copy(size.begin(), size.end(), reinterpret_cast<char*>(&length));
      const std::string message = read(ntohl(length));
      if (message.size() >= 2 && message[0] == 20 && message[1] == 0) return message.substr(2);
      if (message.empty() && length != 0) return {};
    }
  }

 private:
  std::string read(std::size_t count) {
    std::string out(count, '\0');
    std::size_t have = 0;
    while (have < count) {
      const ssize_t got = ::recv(fd_, out.data() + have, count - have, 0);
      if (got <= 0) return {};
      have += static_cast<std::size_t>(got);
    }
    return out;
  }
  int fd_;
  bool connected_ = false;
};

// The HTTP port is told, and nothing that names the host, its user or its addresses.
TEST_F(DhtStrangers, AreToldTheHttpPortAndNothingAboutTheHost) {
  const auto source = folder("source");
  const auto made = make_release(source, kName, {{"kernel", 5}});
  Node node = open(2, address(1), [](SessionOptions& o) { o.http_port = 8080; });
  ASSERT_TRUE(node.session->seed(made.torrent, source).ok());
  RawPeer stranger(address(2));
  const std::string hello = stranger.handshake(made.info.infohashes.v1);
  ASSERT_EQ(hello.size(), 68u);
  EXPECT_EQ(hello.substr(48, 8), "-PH0100-");
  const std::string extensions = stranger.extension_handshake();
  const auto decoded = bencode::decode(as_bytes(extensions), {.bytes = 4096});
  ASSERT_TRUE(decoded.ok()) << extensions;
  const auto* port = decoded->find("phase_http", bencode::Value::Kind::kInteger);
  ASSERT_NE(port, nullptr);
  EXPECT_EQ(port->integer, 8080);
  const auto* client = decoded->find("v", bencode::Value::Kind::kString);
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(as_text(client->string), "phase-boot");
  std::array<char, 256> host{};
  ASSERT_EQ(::gethostname(host.data(), host.size() - 1), 0);
  EXPECT_EQ(extensions.find(host.data()), std::string::npos);
}

TEST_F(DhtStrangers, CannotConnectWhereNobodyIsLetIn) {
  const auto source = folder("source");
  const auto made = make_release(source, kName, {{"kernel", 5}});
  Node closed = open(2, address(1), [](SessionOptions& o) { o.incoming = false; });
  ASSERT_TRUE(closed.session->seed(made.torrent, source).ok());
  EXPECT_EQ(RawPeer(address(2)).handshake(made.info.infohashes.v1), "");
}

// The info dictionary has the infohash that was asked for and a name that is no name of ours, as
// only somebody who made the pointer could do it. It is refused, and no file appears.
TEST_F(DhtStrangers, CannotMakeUsTakeAFileListThatBreaksTheRules) {
  const auto source = folder("source");
  const auto made = make_release(source, kName, {{"kernel", 100'000}});
  std::string text(as_text(made.torrent));
  const std::string bad_name = "phase stable x86_64 1 01234567";
  text.replace(text.find(kName), kName.size(), bad_name);
  const auto torrent = source + "/bad.torrent";
  std::ofstream(torrent, std::ios::binary) << text;
  const auto begin = text.find("4:info") + 6;
  const auto dictionary = as_bytes(text).subspan(begin, text.find("12:piece layers") - begin);
  const Infohashes infohashes{sha1(dictionary), sha256(dictionary)};

  auto stranger = sim::Stranger::open(address(2), {});
  ASSERT_TRUE(stranger.ok());
  ASSERT_TRUE(stranger->serve_unchecked(torrent, source, [](auto, auto) {}).ok());
  Node client = open(3, address(2));
  const auto into = folder("into");
  const auto release = client.session->fetch(infohashes, into);
  ASSERT_TRUE(release.ok());
  client.session->connect(*release, address(2), PeerSource{.given = true});
  ASSERT_TRUE(
      run_until({&client}, seconds(20), [&] { return client.find<ReleaseFailed>() != nullptr; }));
  EXPECT_EQ(client.find<ReleaseFailed>()->error.code, ErrorCode::kMalformed);
  EXPECT_EQ(client.find<MetadataReceived>(), nullptr);
  EXPECT_FALSE(client.session->info(*release).has_value());
  EXPECT_EQ(client.session->want(*release, {"kernel"}).error().code, ErrorCode::kNotFound);
}

// Three sessions of ours are a DHT of their own, on IPv6.
TEST_F(DhtStrangers, AreNotNeededAndNeitherIsIPv4) {
  const auto on_v6 = [](SessionOptions& options) {
    options.listen = {*parse_endpoint("[::1]:0")};
    options.network = NetworkKind::kPrivate;
  };
  Node first = open(2, address(1), on_v6);
  const auto at = first.session->listening().at(0);
  Node second = open(3, at, on_v6);
  Node third = open(4, at, on_v6);
  const auto key = SecretKey::generate(system_random());
  const std::string value = "2:v6";
  const auto item = sign_item(key, "s", 1, Bytes(value.begin(), value.end()));
  const std::vector<Node*> all = {&first, &second, &third};
  ASSERT_TRUE(run_until(all, seconds(20), [&] {
    return std::all_of(all.begin(), all.end(), [](Node* n) { return n->session->dht_nodes() > 0; });
  }));
  second.session->put_item(item);
  third.session->find_item(key.public_key(), "s");
  EXPECT_TRUE(run_until(all, seconds(20), [&] { return third.find<ItemFound>() != nullptr; }));
}

}  // namespace
}  // namespace phase::dht
