#include "dht/port_mapping.h"

#include <algorithm>
#include <libtorrent/alert_types.hpp>
#include <libtorrent/portmap.hpp>

#include "dht/convert.h"
#include "dht/port_watch.h"

namespace phase::dht {
namespace {

/// Addresses come and go; nobody is asked for them at each connection.
constexpr std::chrono::seconds kLinksAge{10};

const char* name_of(lt::portmap_transport transport) {
  return transport == lt::portmap_transport::upnp ? "UPnP" : "NAT-PMP";
}

}  // namespace

void PortWatch::connected_from(const Endpoint& peer, bool utp, MonoTime now) {
  if (peer.is_loopback()) return;
  if (links_read_ == MonoTime{} || now - links_read_ >= kLinksAge) {
    links_read_ = now;
    if (auto links = OnLink::now()) links_ = std::move(*links);
  }
  if (links_.contains(peer)) return;
  if (utp && facts_.punches_holes) {
    ++facts_.punched;
    facts_.last_punched = now;
    return;
  }
  ++facts_.strangers;
  facts_.last_stranger = now;
}

void PortWatch::map_http(lt::session_handle& session, std::uint16_t port) {
  if (!facts_.asks_routers || port == 0) return;
  // libtorrent 2.0.8 takes every TCP port that a router opens for its own. Nobody hears of it: it tells
  // its port in handshakes only where its address is the one that the world sees, and announces are ours.
  for (const auto mapping : http_) session.delete_port_mapping(mapping);
  http_ = session.add_port_mapping(lt::session_handle::tcp, port, port);
  std::erase(http_, lt::port_mapping_t{-1});  // Of a router that has given up: said of all its ports.
}

void PortWatch::moved(const std::vector<Endpoint>& listening) {
  std::erase_if(facts_.mappings, [&](const PortMapping& one) {
    return std::none_of(listening.begin(), listening.end(), [&](const Endpoint& at) {
      return at.v6 == one.from.v6 && at.address == one.from.address;
    });
  });
}

bool PortWatch::is_http(lt::port_mapping_t mapping) const {
  return std::find(http_.begin(), http_.end(), mapping) != http_.end();
}

bool PortWatch::handle(const lt::alert& alert, MonoTime now) {
  if (const auto* mapped = lt::alert_cast<lt::portmap_alert>(&alert)) {
    PortMapping mapping{name_of(mapped->map_transport),
                        mapped->map_protocol == lt::portmap_protocol::tcp,
                        is_http(mapped->mapping),
                        static_cast<std::uint16_t>(mapped->external_port),
                        from_address(mapped->local_address, 0)};
    auto& all = facts_.mappings;
    // Renewed, maybe with another port.
    std::erase_if(all, [&](const PortMapping& one) {
      return one.by == mapping.by && one.tcp == mapping.tcp && one.http == mapping.http &&
             one.from == mapping.from;
    });
    if (all.size() < kMaxPortFacts) all.push_back(std::move(mapping));
    return true;
  }
  if (const auto* failed = lt::alert_cast<lt::portmap_error_alert>(&alert)) {
    const std::string by = name_of(failed->map_transport);
    const Endpoint from = from_address(failed->local_address, 0);
    const bool http_only = is_http(failed->mapping);
    std::erase_if(facts_.mappings, [&](const PortMapping& one) {
      return one.by == by && one.from == from && (one.http || !http_only);
    });
    const std::string who = by + " at " + from.host() + (http_only ? " for HTTP: " : ": ");
    auto& all = facts_.failures;
    std::erase_if(all, [&](const std::string& one) { return one.starts_with(who); });
    if (all.size() < kMaxPortFacts) all.push_back(who + failed->error.message());
    return true;
  }
  if (const auto* seen = lt::alert_cast<lt::external_ip_alert>(&alert)) {
    const Endpoint as = from_address(seen->external_address, 0);
    auto& all = facts_.seen_as;
    std::erase(all, as);
    if (all.size() >= kMaxPortFacts) all.erase(all.begin());
    all.push_back(as);
    return true;
  }
  if (const auto* came = lt::alert_cast<lt::incoming_connection_alert>(&alert)) {
    connected_from(from_lt(came->endpoint), came->socket_type == lt::socket_type_t::utp, now);
    return true;
  }
  return false;
}

}  // namespace phase::dht
