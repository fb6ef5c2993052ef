#include "tests/integration/http_fixture.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>

namespace phase::node::test {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

sockaddr_in loopback(std::uint8_t last, std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~0xffU) | last);
  return at;
}

}  // namespace

RawClient::RawClient(std::uint16_t port, int receive_buffer, std::uint8_t from)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0)
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  const auto own = loopback(from, 0), at = loopback(1, port);
  check(::bind(fd_, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0, "loopback binds");
  check(::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0,
        "loopback connects");
}

RawClient::~RawClient() { ::close(fd_); }

bool RawClient::send(std::string_view text) const {
  return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

std::string RawClient::read_to_end(milliseconds limit) const {
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

bool RawClient::wait(steady_clock::time_point end) const {
  const auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now()).count();
  pollfd poll{fd_, POLLIN, 0};
  return left > 0 && ::poll(&poll, 1, static_cast<int>(left)) > 0;
}

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

HttpProviderTest::HttpProviderTest() {
  write(publisher_.initramfs_file, initramfs(3'000'000));
  const auto store = open_store(folder_.path() + "/store");
  auto made = publisher_.publish(*store);
  check(made.ok(), "a good release can be published");
  release_ = std::move(*made);
  catalogue_ = std::make_shared<const Catalogue>(build_catalogue(store->releases(), nullptr));
  options_.listen = {*parse_endpoint("127.0.0.1:0")};
}

void HttpProviderTest::start() {
  auto provider = HttpProvider::open(options_);
  check(provider.ok(), "a free port can be listened on");
  provider_ = std::move(*provider);
  provider_->set_catalogue(catalogue_);
  port_ = provider_->listening().front().port;
}

std::string HttpProviderTest::curl(const std::string& arguments, const std::string& path) const {
  return output_of("curl -s --max-time 20 --path-as-is " + arguments + " 'http://127.0.0.1:" +
                   std::to_string(port_) + path + "'");
}

std::string HttpProviderTest::status(const std::string& arguments, const std::string& path) const {
  return curl("-o /dev/null -w '%{http_code}' " + arguments, path);
}

std::string HttpProviderTest::content(const std::string& name) const {
  return std::string(as_text(*real_files().read_file(release_.folder + "/" + name, 1 << 24)));
}

std::string HttpProviderTest::raw(const std::string& request) const {
  const RawClient client(port_);
  check(client.send(request), "loopback takes a request");
  return client.read_to_end(milliseconds(5000));
}

}  // namespace phase::node::test
