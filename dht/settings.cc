// dht/settings.cc
#include "dht/settings.h"

#include <algorithm>
#include <libtorrent/alert.hpp>
#include <limits>

#include "dht/torrent_rules.h"

namespace phase::dht {
namespace {

using lt_settings = libtorrent::settings_pack;

void set_identity(lt_settings& s, const SessionOptions& options) {
  if (options.anonymous) {
    // Leaves out the name in the extension handshake and in HTTP, and the peer id is all random.
    s.set_bool(lt_settings::anonymous_mode, true);
    s.set_str(lt_settings::user_agent, "");
    s.set_str(lt_settings::handshake_client_version, "");
    s.set_str(lt_settings::peer_fingerprint, "");
    // Every packet carries libtorrent's mark otherwise (the byte that was the type of service).
    s.set_int(lt_settings::peer_dscp, 0);
    return;
  }
  // The same words from every node: no host, user or build is told to strangers.
  s.set_str(lt_settings::user_agent, "phase-boot");
  s.set_str(lt_settings::handshake_client_version, "phase-boot");
  s.set_str(lt_settings::peer_fingerprint, "-PH0100-");
}

void set_listening(lt_settings& s, const std::vector<Endpoint>& listen) {
  s.set_str(lt_settings::listen_interfaces, listen_interfaces(listen));
  // A taken port is the operator's to know; libtorrent would move to another one silently.
  s.set_int(lt_settings::max_retry_port_bind, 0);
  s.set_bool(lt_settings::listen_system_port_fallback, false);
  // libtorrent's own would open the sockets of addresses that it was given, and of no other.
  s.set_bool(lt_settings::enable_ip_notifier, false);
}

void set_discovery(lt_settings& s, const SessionOptions& options) {
  // Multicast and requests to the router are on by default. LAN discovery is DNS-SD's, and a router
  // is asked for its ports only where the owner of a node has it so.
  s.set_bool(lt_settings::enable_lsd, false);
  s.set_bool(lt_settings::enable_upnp, options.map_ports);
  // NAT-PMP and, of routers that speak it, PCP.
  s.set_bool(lt_settings::enable_natpmp, options.map_ports);
  // What says that it is a router and is not on our network is not ours.
  s.set_bool(lt_settings::upnp_ignore_nonrouters, true);
  // Nodes to begin with are the owner's choice; the default is one operator's host name.
  s.set_str(lt_settings::dht_bootstrap_nodes, "");
  s.set_bool(lt_settings::enable_dht, false);
}

void set_dht(lt_settings& s, const SessionOptions& options) {
  s.set_bool(lt_settings::dht_read_only, options.read_only_dht);
  const bool open_network = options.network == NetworkKind::kPublic;
  // Against one host posing as many nodes: one node per /24, ids that match the address first.
  // On a network of private addresses all nodes are in one /24 and no id can match.
  s.set_bool(lt_settings::dht_restrict_routing_ips, open_network);
  s.set_bool(lt_settings::dht_restrict_search_ips, open_network);
  s.set_bool(lt_settings::dht_prefer_verified_node_ids, open_network);
  s.set_bool(lt_settings::dht_ignore_dark_internet, open_network);
  // Ten times this within 10 s, and an address is ignored for 5 minutes. The default of 5 stalls
  // a handful of machines behind one NAT; in a private network they may all have one address.
  s.set_int(lt_settings::dht_block_ratelimit, open_network ? 50 : 1000);
  // 8000 B/s by default: with that, a provider drops requests when a rack boots.
  s.set_int(lt_settings::dht_upload_rate_limit, 64 * 1024);
  if (options.announce_every.count() > 0) {
    s.set_int(lt_settings::dht_announce_interval, static_cast<int>(options.announce_every.count()));
  }
}

void set_connections(lt_settings& s, const SessionOptions& options) {
  const bool open_network = options.network == NetworkKind::kPublic;
  // Where one packet in two hundred is lost uTP moves a quarter of what TCP does, and never more on a
  // line of its own, at twice the CPU time (docs/PERFORMANCE.md, TCP or uTP). Strangers may have no
  // other way to reach us, so that it is accepted from the public network; we choose it only for a
  // node that nobody reaches otherwise (Session::punch_holes).
  s.set_bool(lt_settings::enable_outgoing_utp, false);
  // On the link it is never worth it, and its handshake would answer strangers.
  s.set_bool(lt_settings::enable_incoming_utp,
             open_network && options.incoming && !options.only_on_link);
  s.set_int(lt_settings::mixed_mode_algorithm, lt_settings::prefer_tcp);
  s.set_bool(lt_settings::enable_outgoing_tcp, true);
  s.set_bool(lt_settings::enable_incoming_tcp, options.incoming);
  // What we fetch is public and verified; encryption costs time and hides nothing.
  s.set_int(lt_settings::in_enc_policy, lt_settings::pe_disabled);
  s.set_int(lt_settings::out_enc_policy, lt_settings::pe_disabled);
  // Several machines behind one address, and several providers on one host.
  s.set_bool(lt_settings::allow_multiple_connections_per_ip, true);
  // Until files are wanted, and after the last one came, we look redundant to a seed and a seed
  // looks redundant to us; closing would cost a reconnect in the middle of a boot.
  s.set_bool(lt_settings::close_redundant_connections, false);
  // Whatever providers are known are tried at once, and again after seconds instead of minutes.
  s.set_int(lt_settings::connection_speed, 500);
  s.set_int(lt_settings::torrent_connect_boost, 100);
  s.set_int(lt_settings::min_reconnect_time, 2);
  s.set_int(lt_settings::max_failcount, 10);
  s.set_int(lt_settings::peer_connect_timeout, 5);
  s.set_int(lt_settings::connections_limit,
            static_cast<int>(std::clamp<std::uint32_t>(options.max_peers, 2, 65'000)));
  // A DHT node names up to 3,000 peers of a release (BEP 5 sets no limit, libtorrent does): where most
  // of them do not exist, those that do must not be turned away because the list is full.
  s.set_int(lt_settings::max_peerlist_size, 10'000);
}

void set_transfer(lt_settings& s, const SessionOptions& options) {
  // Who is choked in a crowd is allowed pieces one by one (dht/spread.h). libtorrent's set would be five
  // more for everybody, by their addresses, and the seed would send most of them several times.
  s.set_int(lt_settings::allowed_fast_set_size, 0);
  // Everybody who asks is served; slots would make half of a rack wait for the other half.
  s.set_int(lt_settings::unchoke_slots_limit, -1);
  const auto limit = std::min<std::uint64_t>(options.upload_limit, std::numeric_limits<int>::max());
  s.set_int(lt_settings::upload_rate_limit, static_cast<int>(limit));
  // Short queues: what was measured fastest when many machines fetch at once.
  s.set_int(lt_settings::request_queue_time, 1);
  s.set_int(lt_settings::send_buffer_watermark, 256 * 1024);
  s.set_int(lt_settings::send_buffer_low_watermark, 16 * 1024);
  // A piece's blocks come from whoever is free. By default a fast peer is asked for whole pieces,
  // which in a crowd makes sixteen wait for one (docs/PERFORMANCE.md, flash crowd). What a liar spoils
  // is a block all the same: BEP 52 has a hash for each.
  s.set_int(lt_settings::whole_pieces_threshold, 0);
  // A peer that stops answering holds a piece for so many seconds.
  s.set_int(lt_settings::request_timeout, 10);
  s.set_int(lt_settings::piece_timeout, 10);
  s.set_int(lt_settings::peer_timeout, 30);
  s.set_int(lt_settings::handshake_timeout, 5);
}

void set_take_only(lt_settings& s) {
  // The plugin in guards.h answers nothing; these keep us from offering it.
  s.set_int(lt_settings::unchoke_slots_limit, 0);
  s.set_bool(lt_settings::send_redundant_have, false);
}

void set_proxy(lt_settings& s, const Endpoint& proxy) {
  s.set_int(lt_settings::proxy_type, lt_settings::socks5);
  s.set_str(lt_settings::proxy_hostname, proxy.host());
  s.set_int(lt_settings::proxy_port, proxy.port);
  s.set_bool(lt_settings::proxy_hostnames, true);
  s.set_bool(lt_settings::proxy_peer_connections, true);
  s.set_bool(lt_settings::proxy_tracker_connections, true);
  s.set_bool(lt_settings::enable_incoming_utp, false);
  // A circuit of an anonymity network takes seconds to be built, and answers late.
  s.set_int(lt_settings::peer_connect_timeout, 30);
  s.set_int(lt_settings::handshake_timeout, 30);
  s.set_int(lt_settings::request_timeout, 60);
  s.set_int(lt_settings::piece_timeout, 60);
  s.set_int(lt_settings::peer_timeout, 120);
  s.set_int(lt_settings::urlseed_timeout, 60);
}

void set_limits(lt_settings& s) {
  // The default lets a stranger make us hold 30 MiB before anything is verified.
  s.set_int(lt_settings::max_metadata_size, static_cast<int>(kMaxMetadataBytes));
  s.set_int(lt_settings::max_piece_count, kMaxPieces);
  s.set_int(lt_settings::alert_queue_size, static_cast<int>(kMaxQueuedEvents));
  // No tracker is ever asked, so that there is nothing to wait for at the end.
  s.set_int(lt_settings::stop_tracker_timeout, 0);
  // We ask for states and rates; alerts only say that it is worth asking.
  namespace category = libtorrent::alert_category;
  s.set_int(lt_settings::alert_mask,
            static_cast<int>(static_cast<std::uint32_t>(
                category::error | category::status | category::storage | category::dht |
                category::dht_operation | category::file_progress | category::peer |
                category::port_mapping)));
}

}  // namespace

std::string listen_interfaces(const std::vector<Endpoint>& listen) {
  // Addresses, never 0.0.0.0: that would start a DHT node on the default route's interface only.
  std::string interfaces;
  for (const auto& endpoint : listen) {
    if (!interfaces.empty()) interfaces += ",";
    interfaces += endpoint.text();
  }
  return interfaces;
}

lt_settings make_settings(const SessionOptions& options, const std::vector<Endpoint>& listen) {
  lt_settings s;
  set_identity(s, options);
  set_listening(s, listen);
  set_discovery(s, options);
  set_dht(s, options);
  set_connections(s, options);
  set_transfer(s, options);
  set_limits(s);
  if (options.anonymous) set_take_only(s);
  if (options.socks5) set_proxy(s, *options.socks5);
  return s;
}

}  // namespace phase::dht
