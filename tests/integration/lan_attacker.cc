#include "tests/integration/lan_attacker.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace phase::lan_test {
namespace {

void put16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8 & 0xFF);
  out += static_cast<char>(value & 0xFF);
}

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

std::string wire_name(const std::string& dotted) {
  std::string out;
  for (std::size_t begin = 0; begin < dotted.size();) {
    const auto end = std::min(dotted.find('.', begin), dotted.size());
    out += static_cast<char>(end - begin);
    out += dotted.substr(begin, end - begin);
    begin = end + 1;
  }
  return out + '\0';
}

std::string answer(const std::vector<Record>& records) {
  std::string out;
  for (const unsigned field : {0U, 0x8400U, 0U, static_cast<unsigned>(records.size()), 0U, 0U}) {
    put16(out, field);
  }
  for (const auto& record : records) {
    out += wire_name(record.name);
    put16(out, record.type);
    put16(out, 1);
    put16(out, record.ttl >> 16);
    put16(out, record.ttl & 0xFFFF);
    put16(out, static_cast<unsigned>(record.data.size()));
    out += record.data;
  }
  return out;
}

std::string forged_service(int i) {
  const std::string type = "_phase-boot._tcp.local";
  const std::string instance = "forged-" + std::to_string(i) + "." + type;
  const std::string host = "forged-" + std::to_string(i) + ".local";
  std::string srv;
  for (const unsigned field : {0U, 0U, 8080U}) put16(srv, field);
  const std::string txt = std::string("\x03v=1") + "\x06h=8080" +
                          "\x26r0=0123456789abcdef/stable/x86_64/9999";
  const std::string address{10, 77, static_cast<char>(100 + i / 250),
                            static_cast<char>(1 + i % 250)};
  return answer({{type, kPtr, 4500, wire_name(instance)},
                 {instance, kSrv, 4500, srv + wire_name(host)},
                 {instance, kTxt, 4500, txt},
                 {host, kA, 4500, address}});
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
