// The public HTTP provider on a real socket, asked by curl and by clients that mean harm. Every
// hostile client counts what it delivered, so that a test in which nothing arrived fails.
#include "node/http_provider.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <thread>

#include "release_fixture.h"

namespace phase::node::test {
namespace {

using ::testing::HasSubstr;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A TCP client without any manners of its own.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0)
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0, "loopback connects");
  }
  ~RawClient() { ::close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False once the other end is gone.
  bool send(std::string_view text) const {
    return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }
  /// What comes until the other end closes, or until `limit`.
  [[nodiscard]] std::string read_to_end(milliseconds limit) const {
    std::string all;
    const auto end = steady_clock::now() + limit;
    while (wait(end)) {
      std::array<char, 65536> block{};
      const auto got = ::recv(fd_, block.data(), block.size(), 0);
      if (got <= 0) {
        closed_ = true;
        break;
      }
      all.append(block.data(), static_cast<std::size_t>(got));
    }
    return all;
  }
  [[nodiscard]] bool closed() const { return closed_; }

 private:
  [[nodiscard]] bool wait(steady_clock::time_point end) const {
    const auto left =
        std::chrono::duration_cast<milliseconds>(end - steady_clock::now()).count();
    pollfd poll{fd_, POLLIN, 0};
    return left > 0 && ::poll(&poll, 1, static_cast<int>(left)) > 0;
  }
  int fd_;
  mutable bool closed_ = false;
};

std::string output_of(const std::string& command) {
  std::string all;
  FILE* pipe = ::popen(command.c_str(), "r");
  check(pipe != nullptr, "a shell can be started");
  std::array<char, 65536> block{};
  for (std::size_t got = 0; (got = std::fread(block.data(), 1, block.size(), pipe)) > 0;)
    all.append(block.data(), got);
  ::pclose(pipe);
  return all;
}

class HttpProviderTest : public ::testing::Test {
 protected:
  HttpProviderTest() {
    write(publisher_.initramfs_file, initramfs(3'000'000));
    const auto store = open_store(folder_.path() + "/store");
    auto made = publisher_.publish(*store);
    check(made.ok(), "a good release can be published");
    release_ = std::move(*made);
    catalogue_ = std::make_shared<const Catalogue>(build_catalogue(store->releases(), nullptr));
    options_.listen = {*parse_endpoint("127.0.0.1:0")};
  }
  void start() {
    auto provider = HttpProvider::open(options_);
    check(provider.ok(), "a free port can be listened on");
    provider_ = std::move(*provider);
    provider_->set_catalogue(catalogue_);
    port_ = provider_->listening().front().port;
  }
  [[nodiscard]] std::string curl(const std::string& arguments, const std::string& path) const {
    return output_of("curl -s --max-time 20 --path-as-is " + arguments + " 'http://127.0.0.1:" +
                     std::to_string(port_) + path + "'");
  }
  [[nodiscard]] std::string status(const std::string& arguments, const std::string& path) const {
    return curl("-o /dev/null -w '%{http_code}' " + arguments, path);
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    return std::string(as_text(*real_files().read_file(release_.folder + "/" + name, 1 << 24)));
  }
  [[nodiscard]] std::string raw(const std::string& request) const {
    const RawClient client(port_);
    check(client.send(request), "loopback takes a request");
    return client.read_to_end(milliseconds(5000));
  }

  TempFolder folder_;
  Publisher publisher_{folder_.path()};
  StoredRelease release_;
  std::shared_ptr<const Catalogue> catalogue_;
  HttpProviderOptions options_;
  std::unique_ptr<HttpProvider> provider_;
  std::uint16_t port_ = 0;
};

TEST_F(HttpProviderTest, GivesCurlEveryFileOfARelease) {
  start();
  for (const auto& file : release_.info.files) {
    EXPECT_EQ(curl("", "/stable/amd64/" + file.path), content(file.path)) << file.path;
    EXPECT_EQ(curl("", "/release/" + release_.name + "/" + file.path), content(file.path));
  }
  EXPECT_EQ(curl("", "/stable/x86_64/release.torrent"), as_text(release_.torrent));
  EXPECT_EQ(curl("", "/pointer/" + release_.publisher.hex() + "/stable/x86_64"),
            as_text(encode_items(release_.pointer)));
  EXPECT_EQ(curl("", "/healthz"), "ok\n");
  EXPECT_GT(provider_->counters().bytes_sent, 6'000'000u);
}

TEST_F(HttpProviderTest, KeepsAConnectionForSeveralRequests) {
  start();
  const auto url = "http://127.0.0.1:" + std::to_string(port_) + "/healthz";
  EXPECT_EQ(output_of("curl -s -w '%{num_connects}' " + url + " " + url + " " + url),
            "ok\n1ok\n0ok\n0");
  EXPECT_EQ(provider_->counters().accepted, 1u);
  const auto twice = raw("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                         "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(twice.find("ok\nHTTP/1.1 200 OK"), std::string::npos) << twice;
}

TEST_F(HttpProviderTest, AnswersRangesHeadAndConditions) {
  start();
  const auto file = content("initramfs");
  const std::string path = "/stable/x86_64/initramfs";
  EXPECT_EQ(curl("-r 0-99", path), file.substr(0, 100));
  EXPECT_EQ(curl("-r 1000000-2000000", path), file.substr(1'000'000, 1'000'001));
  EXPECT_EQ(curl("-r -7", path), file.substr(file.size() - 7));
  EXPECT_EQ(status("-r 5-9", path), "206");
  EXPECT_EQ(status("-r 99999999-", path), "416");
  EXPECT_EQ(status("-r 0-1,5-6", path), "200");
  EXPECT_EQ(status("-r 0-" + std::string(60, '9'), path), "206");
  const auto head = curl("-I", path);
  const auto etag = "\"" + to_hex(release_.manifest.find(Role::kInitramfs)->sha256) + "\"";
  EXPECT_THAT(head, HasSubstr("Content-Length: " + std::to_string(file.size())));
  EXPECT_THAT(head, HasSubstr("ETag: " + etag));
  EXPECT_EQ(status("-H 'If-None-Match: " + etag + "'", path), "304");
  EXPECT_EQ(status("-H 'If-None-Match: \"x\"'", path), "200");
  EXPECT_EQ(status("-r 0-9 -H 'If-Range: " + etag + "'", path), "206");
  EXPECT_EQ(status("-r 0-9 -H 'If-Range: \"x\"'", path), "200");
  EXPECT_EQ(status("-X POST", path), "405");
  EXPECT_EQ(status("--data-binary xxxxx", path), "413");
  EXPECT_EQ(status("-H 'Expect: 100-continue'", path), "200");
}

TEST_F(HttpProviderTest, ResumesADownloadOfCurl) {
  start();
  const auto path = folder_.path() + "/part";
  write(path, as_bytes(std::string_view(content("initramfs")).substr(0, 1'234'567)));
  EXPECT_EQ(curl("-C - -w '%{http_code}' -o " + path, "/stable/x86_64/initramfs"), "206");
  const auto digest = digest_file(path);
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest->sha256, release_.manifest.find(Role::kInitramfs)->sha256);
}

TEST_F(HttpProviderTest, NoTrickLeavesTheCatalogue) {
  start();
  for (const char* path :
       {"/../../etc/passwd", "/stable/../stable/x86_64/kernel", "//stable/x86_64/kernel",
        "/stable//x86_64/kernel", "/./healthz", "/stable/x86_64/", "/stable/x86_64/kernel/",
        "/stable/x86_64/../../../../../../etc/passwd", "/release/", "/", "/etc/passwd"})
    EXPECT_EQ(status("", path), "404") << path;
  for (const char* path : {"/%2e%2e/%2e%2e/etc/passwd", "/stable/x86_64/kernel%00.txt",
                           "/stable%2fx86_64%2fkernel", "/%68ealthz"})
    EXPECT_EQ(status("", path), "400") << path;
  EXPECT_EQ(provider_->counters().by_status[404], 11u);
  EXPECT_EQ(provider_->counters().by_status[400], 4u);
}

TEST_F(HttpProviderTest, RefusesHeadersThatAreTooLargeOrNone) {
  start();
  EXPECT_EQ(status("-H 'X: " + std::string(9'000, 'x') + "'", "/healthz"), "431");
  EXPECT_EQ(status("-H 'X: " + std::string(7'000, 'x') + "'", "/healthz"), "200");
  std::string many = "GET /healthz HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 2'000; ++i) many += "A: b\r\n";
  EXPECT_EQ(status("-H 'X: y'", "/" + std::string(9'000, 'a')), "431");
  EXPECT_THAT(raw(many + "\r\n"), HasSubstr("HTTP/1.1 431 "));
  EXPECT_THAT(raw("\x16\x03\x01\x02\r\n\r\n"), HasSubstr("HTTP/1.1 400 "));
  EXPECT_THAT(raw("GET /healthz HTTP/1.1\r\n\r\n"), HasSubstr("HTTP/1.1 400 "));
  EXPECT_THAT(raw("POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "5\r\nhello\r\n0\r\n\r\n"),
              HasSubstr("HTTP/1.1 413 "));
  EXPECT_GE(provider_->counters().cut_connections, 4u);
}

// Slowloris: a byte at a time, each well before any idle timeout. The deadline counts from the
// first byte and is not moved by the next one.
TEST_F(HttpProviderTest, CutsAClientThatDripsItsHeader) {
  options_.header_deadline = milliseconds(600);
  start();
  const RawClient client(port_);
  const auto began = steady_clock::now();
  ASSERT_TRUE(client.send("GET /healthz HTTP/1.1\r\nHost: x\r\nX: "));
  std::size_t dripped = 0;
  std::string reply;
  while (reply.empty() && !client.closed() && steady_clock::now() - began < std::chrono::seconds(20)) {
    dripped += client.send("x") ? 1 : 0;
    reply = client.read_to_end(milliseconds(50));
  }
  EXPECT_GT(dripped, 3u) << "the attack was not delivered";
  EXPECT_THAT(reply, HasSubstr("HTTP/1.1 408 "));
  EXPECT_GE(steady_clock::now() - began, milliseconds(500));
  EXPECT_EQ(provider_->counters().cut_connections, 1u);
}

TEST_F(HttpProviderTest, ClosesIdleConnectionsWithoutAWord) {
  options_.idle_timeout = milliseconds(300);
  start();
  const RawClient client(port_);
  EXPECT_EQ(client.read_to_end(milliseconds(10'000)), "");
  EXPECT_TRUE(client.closed());
}

TEST_F(HttpProviderTest, CutsAReaderThatTakesNothing) {
  options_.progress_window = milliseconds(500);
  start();
  const RawClient client(port_, 4096);
  for (int i = 0; i < 8; ++i)
    ASSERT_TRUE(client.send("GET /stable/x86_64/initramfs HTTP/1.1\r\nHost: x\r\n\r\n"));
  const auto end = steady_clock::now() + std::chrono::seconds(20);
  while (provider_->counters().cut_connections == 0 && steady_clock::now() < end)
    std::this_thread::yield();
  EXPECT_EQ(provider_->counters().cut_connections, 1u);
  EXPECT_GT(provider_->counters().bytes_sent, 0u) << "the attack was not delivered";
  EXPECT_LT(client.read_to_end(milliseconds(10'000)).size(), 24'000'000u);
}

TEST_F(HttpProviderTest, CapsConnectionsPerAddressAndServesOthersMeanwhile) {
  options_.max_per_address = 4;
  start();
  std::vector<std::unique_ptr<RawClient>> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(std::make_unique<RawClient>(port_));
    ASSERT_TRUE(held.back()->send("GET /healthz HTTP/1.1\r\nHo"));
  }
  const auto end = steady_clock::now() + std::chrono::seconds(20);
  while (provider_->counters().active < 4 && steady_clock::now() < end) std::this_thread::yield();
  ASSERT_EQ(provider_->counters().active, 4u);
  const RawClient fifth(port_);
  EXPECT_THAT(fifth.read_to_end(milliseconds(5'000)), HasSubstr("HTTP/1.1 503 "));
  EXPECT_EQ(status("--interface 127.0.0.2", "/healthz"), "200");
  EXPECT_EQ(provider_->counters().refused_connections, 1u);
  held.clear();
  while (provider_->counters().active > 0 && steady_clock::now() < end) std::this_thread::yield();
  EXPECT_EQ(status("", "/healthz"), "200");
}

TEST_F(HttpProviderTest, AnswersQuicklyWhileTwoHundredClientsMisbehave) {
  options_.max_per_address = 500;
  start();
  std::vector<std::unique_ptr<RawClient>> held;
  for (int i = 0; i < 200; ++i) {
    held.push_back(std::make_unique<RawClient>(port_, 4096));
    ASSERT_TRUE(held.back()->send(i % 3 == 0   ? ""
                                  : i % 3 == 1 ? "GET /healthz HTTP/1.1\r\nHo"
                                               : "GET /stable/x86_64/initramfs HTTP/1.1\r\nHost: x\r\n\r\n"));
  }
  const auto end = steady_clock::now() + std::chrono::seconds(20);
  while (provider_->counters().active < 200 && steady_clock::now() < end) std::this_thread::yield();
  ASSERT_EQ(provider_->counters().active, 200u) << "the attack was not delivered";
  const auto file = content("initramfs");
  EXPECT_EQ(curl("", "/stable/x86_64/initramfs"), file);
}

TEST_F(HttpProviderTest, SwapsTheCatalogueUnderRunningRequests) {
  start();
  const RawClient slow(port_, 4096);
  ASSERT_TRUE(slow.send("GET /stable/x86_64/initramfs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  const auto end = steady_clock::now() + std::chrono::seconds(20);
  while (provider_->counters().requests == 0 && steady_clock::now() < end) std::this_thread::yield();
  provider_->set_catalogue(std::make_shared<const Catalogue>());
  EXPECT_EQ(status("", "/stable/x86_64/initramfs"), "404");
  const auto reply = slow.read_to_end(milliseconds(20'000));
  EXPECT_TRUE(reply.ends_with(content("initramfs")));
}

TEST_F(HttpProviderTest, TellsPeers) {
  start();
  const auto infohash = to_hex(release_.info.infohashes.v1);
  EXPECT_EQ(status("", "/peers/" + infohash), "404");
  provider_->set_peers({{infohash, {*parse_endpoint("192.0.2.1:6881"),
                                    *parse_endpoint("[2001:db8::1]:6881")}}});
  EXPECT_EQ(curl("", "/peers/" + infohash), "192.0.2.1:6881\n[2001:db8::1]:6881\n");
}

TEST_F(HttpProviderTest, SaysThatAPortIsInUse) {
  start();
  auto options = options_;
  options.listen = {provider_->listening().front()};
  const auto second = HttpProvider::open(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kPortInUse);
  EXPECT_THAT(second.error().detail, HasSubstr("127.0.0.1:" + std::to_string(port_)));
}

}  // namespace
}  // namespace phase::node::test
