// dht/ut_pex.cc
#include "dht/ut_pex.h"

#include <libtorrent/bdecode.hpp>
#include <libtorrent/error_code.hpp>

#include "dht/convert.h"
#include "proto/bencode.h"

namespace phase::dht {
namespace {

constexpr char kExtended = 20;  // BEP 10.
constexpr std::size_t kV4Bytes = 6, kV6Bytes = 18;

void add_peers(std::string_view compact, std::size_t bytes_each, std::vector<Endpoint>& out) {
  for (; compact.size() >= bytes_each && out.size() < kMaxPexPeers; compact.remove_prefix(bytes_each)) {
    const auto peer = parse_compact(as_bytes(compact.substr(0, bytes_each)));
    if (peer && peer->port != 0) out.push_back(*peer);
  }
}

}  // namespace

std::optional<PexOffer> pex_offer(const lt::bdecode_node& handshake) {
  if (handshake.type() != lt::bdecode_node::dict_t) return std::nullopt;
  const auto numbers = handshake.dict_find_dict("m");
  const auto number = numbers ? numbers.dict_find_int_value("ut_pex", 0) : 0;
  const auto port = handshake.dict_find_int_value("p", 0);
  if (number < 1 || number > 255) return std::nullopt;
  const bool is_port = port > 0 && port <= 65'535;
  return PexOffer{static_cast<std::uint8_t>(number), static_cast<std::uint16_t>(is_port ? port : 0)};
}

std::string pex_message(std::uint8_t number, const std::vector<Endpoint>& added) {
  Bytes v4, v6;
  for (const Endpoint& peer : added) {
    const Bytes compact = peer.compact();
    (peer.v6 ? v6 : v4).insert((peer.v6 ? v6 : v4).end(), compact.begin(), compact.end());
  }
  Bytes body;
  const auto put = [&body](std::string_view key, const Bytes& value) {
    bencode::put_string(body, as_bytes(key));
    bencode::put_string(body, value);
  };
  bencode::put_raw(body, "d");
  put("added", v4);
  put("added.f", Bytes(v4.size() / kV4Bytes, 0));
  put("added6", v6);
  put("added6.f", Bytes(v6.size() / kV6Bytes, 0));
  bencode::put_raw(body, "e");
  const auto size = body.size() + 2;
  std::string out{0, 0, static_cast<char>(size >> 8U), static_cast<char>(size), kExtended,
                  static_cast<char>(number)};
  return out.append(as_text(body));
}

std::vector<Endpoint> pex_peers(ByteView message) {
  std::vector<Endpoint> out;
  lt::error_code error;
  const auto dict = lt::bdecode(to_span(message), error);
  if (error || dict.type() != lt::bdecode_node::dict_t) return out;
  const auto v4 = dict.dict_find_string_value("added");
  const auto v6 = dict.dict_find_string_value("added6");
  add_peers({v4.data(), v4.size()}, kV4Bytes, out);
  add_peers({v6.data(), v6.size()}, kV6Bytes, out);
  return out;
}

}  // namespace phase::dht
