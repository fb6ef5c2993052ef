// sim/hostile/socket_address.h
// Between our endpoints and the kernel's; IPv4.
#pragma once

#include <netinet/in.h>

#include <cstring>

#include "proto/endpoint.h"

namespace phase::sim {

inline sockaddr_in to_socket(const Endpoint& at) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(at.port);
  std::memcpy(&out.sin_addr, at.address.data(), 4);
  return out;
}

inline Endpoint to_endpoint(const sockaddr_in& from) {
  Endpoint out;
  std::memcpy(out.address.data(), &from.sin_addr, 4);
  out.port = ntohs(from.sin_port);
  return out;
}

}  // namespace phase::sim
