// Goal: one GET from a hostile server ends within its cap and deadline. Method: a real socket on
// loopback that answers what a test says.
#include "boot/http_get.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace phase::boot {
namespace {

/// Accepts one connection, sends `answer`, keeps the connection open until it is destroyed.
class OneAnswer {
 public:
  explicit OneAnswer(std::string answer) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    socklen_t size = sizeof at;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this, text = std::move(answer)] {
      const int peer = ::accept(listener_, nullptr, nullptr);
      if (peer < 0) return;
      ::send(peer, text.data(), text.size(), MSG_NOSIGNAL);
      char byte = 0;
      while (::recv(peer, &byte, 1, 0) > 0) heard_ += byte;
      ::close(peer);
    });
  }
  ~OneAnswer() {
    end();
    ::close(listener_);
  }
  /// All that the other end sent; it has closed the connection.
  std::string heard() {
    end();
    return heard_;
  }
  [[nodiscard]] Endpoint at() const { return *parse_address("127.0.0.1", port_); }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  void end() {
    ::shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }
  std::string heard_;  // The thread's until it has ended.
  int listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

Result<Bytes> ask(const std::string& url, HttpWay way, std::size_t cap,
                  std::chrono::milliseconds deadline) {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  HttpGet request(*parse_http_url(url), std::move(way), cap, deadline, [&] {
    const std::lock_guard lock(mutex);
    done = true;
    changed.notify_one();
  });
  std::unique_lock lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return done; }));
  auto result = request.poll();
  return result ? *result : Result<Bytes>(Error{ErrorCode::kInternal, "no answer"});
}

Result<Bytes> get(const std::string& answer, std::size_t cap, std::chrono::milliseconds deadline) {
  const OneAnswer server(answer);
  return ask(server.url(), {}, cap, deadline);
}

constexpr std::chrono::seconds kLong{20};

TEST(HttpGet, GivesTheBodyOfA200) {
  const auto body = get("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 100, kLong);
  ASSERT_TRUE(body.ok()) << body.error().detail;
  EXPECT_EQ(as_text(*body), "hello");
}

TEST(HttpGet, RefusesEveryOtherStatus) {
  const auto body =
      get("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 100, kLong);
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().code, ErrorCode::kProvider);
}

TEST(HttpGet, EndsAtTheCapOfTheBody) {
  const auto body = get("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", 100, kLong);
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().code, ErrorCode::kProvider);
}

TEST(HttpGet, EndsAtTheCapOfTheHeader) {
  const auto body =
      get("HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n", 100, kLong);
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().code, ErrorCode::kProvider);
}

TEST(HttpGet, EndsAtTheDeadlineOfASilentServer) {
  const auto body = get("HTTP/1.1 200 OK\r\nContent-Le", 100, std::chrono::milliseconds(100));
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().code, ErrorCode::kTimeout);
}

TEST(HttpGet, TellsNothingButHostAndPath) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  ASSERT_TRUE(ask(server.url() + "/x", {}, 100, kLong).ok());
  EXPECT_EQ(server.heard(),
            "GET /x HTTP/1.1\r\nHost: " + server.url().substr(7) + "\r\nConnection: close\r\n\r\n");
}

TEST(HttpGet, StaysOnTheLinkAndAsksForNoName) {
  OneAnswer server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  const dht::OnLink link({{*parse_address("10.78.1.9", 0), 24}});
  const std::pair<std::string, const char*> refused[] = {
      {server.url(), "not on a link"},
      {"http://10.78.2.1/", "not on a link"},
      {"http://localhost:" + server.url().substr(17), "a name"},
      {"http://boot.example/", "a name"}};
  for (const auto& [url, why] : refused) {
    const auto body = ask(url, {.only_on_link = link, .socks5 = {}}, 100, kLong);
    ASSERT_FALSE(body.ok()) << url;
    EXPECT_EQ(body.error().code, ErrorCode::kNetwork);
    EXPECT_NE(body.error().detail.find(why), std::string::npos) << body.error().detail;
  }
  const auto proxied =
      ask("http://10.78.1.1/", {.only_on_link = link, .socks5 = server.at()}, 100, kLong);
  ASSERT_FALSE(proxied.ok());
  EXPECT_NE(proxied.error().detail.find("proxy"), std::string::npos);
  EXPECT_EQ(server.heard(), "");
}

const std::string kAgreed("\x05\x00", 2);
const std::string kConnected("\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34", 10);

TEST(HttpGet, GoesThroughTheProxyWhichIsToldTheName) {
  OneAnswer proxy(kAgreed + kConnected + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  const auto body =
      ask("http://boot.invalid:81/x", {.only_on_link = {}, .socks5 = proxy.at()}, 100, kLong);
  ASSERT_TRUE(body.ok()) << body.error().detail;
  EXPECT_EQ(as_text(*body), "hello");
  EXPECT_EQ(proxy.heard(),
            std::string("\x05\x01\x00\x05\x01\x00\x03\x0c", 8) + "boot.invalid" +
                std::string("\x00\x51", 2) +
                "GET /x HTTP/1.1\r\nHost: boot.invalid:81\r\nConnection: close\r\n\r\n");
}

TEST(HttpGet, EndsWithAHostileProxyInTimeAndSendsNoRequest) {
  const std::pair<std::string, const char*> answers[] = {
      {std::string("\x05\xff", 2), "authentication"},
      {"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak it"},
      {kAgreed + std::string("\x05\x05\x00\x01\x00", 5), "connection refused"},
      {kAgreed + std::string("\x05\x00\x00\x07\x00", 5), "address of a kind"}};
  for (const auto& [answer, why] : answers) {
    OneAnswer proxy(answer);
    const auto body =
        ask("http://10.78.1.1/secret", {.only_on_link = {}, .socks5 = proxy.at()}, 100, kLong);
    ASSERT_FALSE(body.ok());
    EXPECT_EQ(body.error().code, ErrorCode::kNetwork);
    EXPECT_NE(body.error().detail.find(why), std::string::npos) << body.error().detail;
    EXPECT_EQ(proxy.heard().find("secret"), std::string::npos);
  }
  for (const auto& silent :
       {std::string(), std::string("\x05", 1), kAgreed,
        kAgreed + std::string("\x05\x00\x00\x03\xff", 5) + std::string(100, 'a')}) {
    OneAnswer proxy(silent);
    const auto body = ask("http://10.78.1.1/secret", {.only_on_link = {}, .socks5 = proxy.at()},
                          100, std::chrono::milliseconds(150));
    ASSERT_FALSE(body.ok());
    EXPECT_EQ(body.error().code, ErrorCode::kTimeout) << body.error().detail;
    EXPECT_EQ(proxy.heard().find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace phase::boot
