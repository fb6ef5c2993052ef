// tests/unit/dht/guards_test.cc
// What the plugins do to a real session: tests/integration/modes_anonymous_test.cc.
#include "dht/guards.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <libtorrent/ip_filter.hpp>

#include "dht/convert.h"

namespace phase::dht {
namespace {

bool blocked(const lt::ip_filter& filter, const char* address) {
  return (filter.access(lt::make_address(address)) & lt::ip_filter::blocked) != 0;
}

TEST(Guards, TheFilterLetsTheLinkThroughAndNobodyElse) {
  const OnLink link({{*parse_address("10.78.1.9", 0), 24},
                     {*parse_address("10.0.0.4", 0), 31},
                     {*parse_address("2001:db8:1::9", 0), 64}});
  const auto filter = only(link);
  for (const char* near : {"10.78.1.1", "10.78.1.254", "10.0.0.5", "2001:db8:1::1",
                           "2001:db8:1:0:ffff:ffff:ffff:ffff"}) {
    EXPECT_FALSE(blocked(filter, near)) << near;
    EXPECT_TRUE(link.contains(*parse_address(near, 1))) << near;
  }
  for (const char* far :
       {"10.78.0.255", "10.78.1.0", "10.78.1.255", "10.78.2.0", "10.0.0.3", "10.0.0.6", "0.0.0.0",
        "255.255.255.255", "127.0.0.1", "8.8.8.8", "::1", "2001:db8:0:ffff:ffff:ffff:ffff:ffff",
        "2001:db8:2::", "fe80::1", "::ffff:10.78.1.1"}) {
    EXPECT_TRUE(blocked(filter, far)) << far;
    EXPECT_FALSE(link.contains(*parse_address(far, 1))) << far;
  }
}

TEST(Guards, WithoutANetworkTheFilterLetsNobodyThrough) {
  const auto filter = only(OnLink({}));
  EXPECT_TRUE(blocked(filter, "10.78.1.1"));
  EXPECT_TRUE(blocked(filter, "2001:db8:1::1"));
}

/// A TCP socket that listens on some port of `address`.
class Listener {
 public:
  explicit Listener(const char* address) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    at_.sin_family = AF_INET;
    ::inet_pton(AF_INET, address, &at_.sin_addr);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at_), sizeof at_), 0);
    EXPECT_EQ(::listen(fd_, 1), 0);
    socklen_t size = sizeof at_;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at_), &size);
  }
  ~Listener() { ::close(fd_); }
  [[nodiscard]] Endpoint at() const {
    Endpoint out;
    std::memcpy(out.address.data(), &at_.sin_addr, 4);
    out.port = ntohs(at_.sin_port);
    return out;
  }
  /// 0, or errno of a connection to it.
  [[nodiscard]] int connect() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int done = ::connect(fd, reinterpret_cast<const sockaddr*>(&at_), sizeof at_);
    const int error = done == 0 ? 0 : errno;
    ::close(fd);
    return error;
  }

 private:
  int fd_;
  sockaddr_in at_{};
};

TEST(Guards, OnlyTheListenersOfASessionAreShut) {
  const Listener ours("127.0.0.1");
  const Listener others("127.0.0.1");
  stop_listening({ours.at()});
  EXPECT_EQ(ours.connect(), ECONNREFUSED);
  EXPECT_EQ(others.connect(), 0);
  const Listener other("127.0.0.2");
  stop_listening({*parse_address("127.0.0.1", other.at().port)});
  EXPECT_EQ(other.connect(), 0) << "another address with the same port";
}

}  // namespace
}  // namespace phase::dht
