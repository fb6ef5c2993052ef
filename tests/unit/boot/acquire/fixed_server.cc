#include "tests/unit/boot/acquire/fixed_server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace phase::test {
namespace {

std::string request_of(int client) {
  std::string request;
  char block[1024];
  while (request.find("\r\n\r\n") == std::string::npos) {
    const auto got = ::recv(client, block, sizeof block, 0);
    if (got <= 0) break;
    request.append(block, static_cast<std::size_t>(got));
  }
  return request;
}

bool send_all(int client, std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

FixedServer::FixedServer(std::map<std::string, Bytes> answers)
    : answers_(std::move(answers)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  EXPECT_EQ(::listen(listener_, 64), 0);
  socklen_t size = sizeof at;
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
  port_ = ntohs(at.sin_port);
  thread_ = std::thread([this] { serve(); });
}

FixedServer::~FixedServer() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

std::string FixedServer::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

Endpoint FixedServer::endpoint() const { return *parse_address("127.0.0.1", port_); }

void FixedServer::serve() {
  for (int client = ::accept(listener_, nullptr, nullptr); client >= 0;
       client = ::accept(listener_, nullptr, nullptr)) {
    answer(client);
    ::close(client);
  }
}

void FixedServer::answer(int client) {
  const std::string request = request_of(client);
  const auto path_end = request.find(' ', 4);
  if (!request.starts_with("GET ") || path_end == std::string::npos) return;
  const auto found = answers_.find(request.substr(4, path_end - 4));
  if (found == answers_.end()) {
    (void)send_all(client, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  // Before it goes out: whoever has it may look at the count at once.
  ++answered_;
  (void)(send_all(client, "HTTP/1.1 200 OK\r\nContent-Length: " +
                              std::to_string(found->second.size()) + "\r\n\r\n") &&
         send_all(client, as_text(found->second)));
}

}  // namespace phase::test
