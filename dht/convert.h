// dht/convert.h
// Our endpoints, hashes and byte strings to libtorrent's and back. Only for dht/*.cc.
#pragma once

#include <algorithm>
#include <libtorrent/address.hpp>
#include <libtorrent/sha1_hash.hpp>
#include <libtorrent/socket.hpp>
#include <libtorrent/span.hpp>

#include "proto/bytes.h"
#include "proto/endpoint.h"
#include "proto/hash.h"

namespace lt = libtorrent;

namespace phase::dht {

[[nodiscard]] inline lt::address to_address(const Endpoint& endpoint) {
  if (endpoint.v6) return lt::address_v6(endpoint.address);
  lt::address_v4::bytes_type four{};
  std::copy_n(endpoint.address.begin(), four.size(), four.begin());
  return lt::address_v4(four);
}

[[nodiscard]] inline lt::tcp::endpoint to_tcp(const Endpoint& endpoint) {
  return {to_address(endpoint), endpoint.port};
}

[[nodiscard]] inline lt::udp::endpoint to_udp(const Endpoint& endpoint) {
  return {to_address(endpoint), endpoint.port};
}

[[nodiscard]] inline Endpoint from_address(const lt::address& address, std::uint16_t port) {
  Endpoint out;
  out.port = port;
  out.v6 = address.is_v6();
  if (out.v6) {
    out.address = address.to_v6().to_bytes();
  } else {
    const auto four = address.to_v4().to_bytes();
    std::copy(four.begin(), four.end(), out.address.begin());
  }
  return out;
}

template <class LibtorrentEndpoint>
[[nodiscard]] Endpoint from_lt(const LibtorrentEndpoint& endpoint) {
  return from_address(endpoint.address(), endpoint.port());
}

[[nodiscard]] inline lt::sha1_hash to_lt(const Sha1& hash) {
  return lt::sha1_hash(reinterpret_cast<const char*>(hash.data()));
}
[[nodiscard]] inline lt::sha256_hash to_lt(const Sha256& hash) {
  return lt::sha256_hash(reinterpret_cast<const char*>(hash.data()));
}

template <class Out, class In>
[[nodiscard]] Out bytes_from(const In& in) {
  Out out{};
  check(out.size() == std::size_t(in.size()), "sizes differ in a conversion");
  std::transform(in.begin(), in.end(), out.begin(),
                 [](auto byte) { return static_cast<std::uint8_t>(byte); });
  return out;
}

[[nodiscard]] inline lt::span<const char> to_span(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), static_cast<std::ptrdiff_t>(bytes.size())};
}

[[nodiscard]] inline ByteView from_span(lt::span<const char> bytes) {
  return {reinterpret_cast<const std::uint8_t*>(bytes.data()),
          static_cast<std::size_t>(bytes.size())};
}

}  // namespace phase::dht
