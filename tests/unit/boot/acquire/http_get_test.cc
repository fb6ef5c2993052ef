// Goal: a URL is taken apart exactly or refused, and one GET from a hostile server ends within its
// cap and deadline. Method: values, and a real socket on loopback that answers what a test says.
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

TEST(HttpUrl, TakesHostPortAndPath) {
  const auto url = parse_http_url("http://10.0.0.7:8080/boot/");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->host, "10.0.0.7");
  EXPECT_EQ(url->port, "8080");
  EXPECT_EQ(url->target, "/boot");
  EXPECT_EQ(parse_http_url("http://[::1]:81")->authority(), "[::1]:81");
  EXPECT_EQ(parse_http_url("http://boot.example")->port, "80");
}

TEST(HttpUrl, RefusesWhatItDoesNotKnow) {
  for (const char* text : {"", "https://a", "http://", "http://a:0", "http://a:70000", "http://u@a",
                           "http://a/b?c", "http://a b", "http://[::1", "http://a\r\nX: y"}) {
    EXPECT_FALSE(parse_http_url(text).ok()) << text;
  }
  EXPECT_FALSE(parse_http_url("http://a/" + std::string(2000, 'x')).ok());
}

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
      while (::recv(peer, &byte, 1, 0) > 0) {
      }
      ::close(peer);
    });
  }
  ~OneAnswer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  int listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

Result<Bytes> get(const std::string& answer, std::size_t cap, std::chrono::milliseconds deadline) {
  const OneAnswer server(answer);
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  HttpGet request(*parse_http_url(server.url()), cap, deadline, [&] {
    const std::lock_guard lock(mutex);
    done = true;
    changed.notify_one();
  });
  std::unique_lock lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return done; }));
  auto result = request.poll();
  return result ? *result : Result<Bytes>(Error{ErrorCode::kInternal, "no answer"});
}

constexpr std::chrono::seconds kLong{20};

TEST(HttpGet, GivesTheBodyOfA200) {
  const auto body = get("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 100, kLong);
  ASSERT_TRUE(body.ok()) << body.error().detail;
  EXPECT_EQ(as_text(*body), "hello");
}

TEST(HttpGet, RefusesEveryOtherStatus) {
  const auto body = get("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 100, kLong);
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().code, ErrorCode::kProvider);
}

TEST(HttpGet, EndsAtTheCapOfTheBody) {
  const auto body = get("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", 100, kLong);
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().code, ErrorCode::kProvider);
}

TEST(HttpGet, EndsAtTheCapOfTheHeader) {
  const auto body = get("HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n", 100, kLong);
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().code, ErrorCode::kProvider);
}

TEST(HttpGet, EndsAtTheDeadlineOfASilentServer) {
  const auto body = get("HTTP/1.1 200 OK\r\nContent-Le", 100, std::chrono::milliseconds(100));
  ASSERT_FALSE(body.ok());
  EXPECT_EQ(body.error().code, ErrorCode::kTimeout);
}

}  // namespace
}  // namespace phase::boot
