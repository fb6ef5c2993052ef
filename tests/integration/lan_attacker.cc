#include "tests/integration/lan_attacker.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <thread>

#include "sim/hostile/mdns.h"

namespace phase::lan_test {
namespace {

sockaddr_in address(const char* host) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(5353);
  inet_pton(AF_INET, host, &out.sin_addr);
  return out;
}

int open_socket(const sim::Host& host) {
  int made = -1;
  // A thread of its own moves into the host; the socket stays there when it is back.
  std::thread([&] {
    const int netns = open(("/run/netns/" + host.name).c_str(), O_RDONLY | O_CLOEXEC);
    if (netns < 0 || setns(netns, CLONE_NEWNET) != 0) return;
    close(netns);
    made = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    const unsigned char hops = 255;
    const auto local = address("0.0.0.0");
    const auto ours = address(host.address.c_str());
    setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(made, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof hops);
    setsockopt(made, IPPROTO_IP, IP_MULTICAST_IF, &ours.sin_addr, sizeof ours.sin_addr);
    if (bind(made, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) made = -1;
  }).join();
  if (made < 0) throw std::runtime_error("no socket in " + host.name);
  return made;
}

}  // namespace

std::string forged_service(int i) {
  const std::string address{10, 77, static_cast<char>(100 + i / 250),
                            static_cast<char>(1 + i % 250)};
  return sim::forged_node({.instance = "forged-" + std::to_string(i),
                           .address = address,
                           .port = 8080,
                           .txt = {"v=1", "h=8080", "r0=0123456789abcdef/stable/x86_64/9999"}});
}

Attacker::Attacker(const sim::Host& host) : socket_(open_socket(host)) {}
Attacker::~Attacker() { close(socket_); }

bool Attacker::send(const std::string& datagram) const {
  const auto group = address("224.0.0.251");
  return sendto(socket_, datagram.data(), datagram.size(), 0,
                reinterpret_cast<const sockaddr*>(&group), sizeof group) ==
         static_cast<ssize_t>(datagram.size());
}

}  // namespace phase::lan_test
