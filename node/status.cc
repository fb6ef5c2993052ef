#include "node/status.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>

#include "node/expiry.h"
#include "node/reachable.h"

namespace phase::node {
namespace {

using Json = nlohmann::ordered_json;

Freshness freshness(const StoredRelease& release, WallTime now) {
  return freshness_of(release.manifest.created, release.manifest.expires, now);
}

Json release_json(const Node& node, const StoredRelease& release, WallTime now) {
  Json json{{"publisher", release.publisher.hex()},
            {"channel", release.channel},
            {"arch", release.arch},
            {"version", release.manifest.release_version},
            {"current", release.current},
            {"name", release.name},
            {"bytes", release.manifest.total_bytes()},
            {"expires", release.manifest.expires.seconds},
            {"expiry", freshness_name(freshness(release, now))},
            {"infohash_v1", to_hex(release.info.infohashes.v1)},
            {"infohash_v2", to_hex(release.info.infohashes.v2)},
            {"manifest_sha256", to_hex(release.manifest_sha256)}};
  const auto seeded = node.seeded().find(release.name);
  if (seeded == node.seeded().end()) return json;
  std::uint64_t sent = 0;
  for (const dht::PeerAccount& peer : node.session().peers(seeded->second)) sent += peer.sent;
  json["peers"] = node.session().status(seeded->second).peers;
  json["sent"] = sent;
  return json;
}

Json follower_json(const Follower& follower, WallTime now) {
  const FollowTarget& target = follower.target();
  Json json{{"key", target.publisher()},
            {"root", follower.root().version},
            {"root_expires", follower.root().expires.seconds},
            {"root_expiry", freshness_name(freshness_of({}, follower.root().expires, now))},
            {"channel", target.channel},
            {"arch", target.arch},
            {"version", follower.held().release_version}};
  if (const auto& fetched = follower.last_fetched()) {
    json["fetched"] = {{"received", fetched->received}, {"reused", fetched->reused}};
  }
  if (const boot::Acquire* acquire = follower.acquiring()) {
    const dht::ReleaseStatus progress = acquire->progress();
    json["stage"] = boot::stage_name(acquire->stage());
    json["done"] = progress.done;
    json["wanted"] = progress.wanted;
  }
  if (const auto& error = follower.last_error()) {
    json["error"] = {{"name", error_name(error->code)}, {"detail", error->detail}};
  }
  return json;
}

Json reachable_json(const Node& node) {
  const dht::Reachability facts = node.session().reachability();
  const auto verdict =
      judge_reachability(facts, node.session().listening(), std::chrono::steady_clock::now());
  Json json{{"strangers_come_in", reached_name(verdict.reached)},
            {"why", verdict.why},
            {"strangers", facts.strangers},
            {"punches_holes", facts.punches_holes},
            {"punched", facts.punched},
            {"asks_routers", facts.asks_routers},
            {"mappings", Json::array()},
            {"failures", facts.failures},
            {"seen_as", Json::array()}};
  for (const dht::PortMapping& one : facts.mappings) {
    json["mappings"].push_back({{"by", one.by},
                                {"protocol", one.tcp ? "tcp" : "udp"},
                                {"for", one.http ? "http" : "peers"},
                                {"port", one.port},
                                {"from", one.from.host()}});
  }
  for (const Endpoint& as : facts.seen_as) json["seen_as"].push_back(as.host());
  return json;
}

Json endpoints(const std::vector<Endpoint>& list) {
  Json json = Json::array();
  for (const Endpoint& one : list) json.push_back(one.text());
  return json;
}

void metric(std::ostringstream& out, const char* name, const char* type, const char* help,
            std::uint64_t value) {
  out << "# HELP " << name << ' ' << help << "\n# TYPE " << name << ' ' << type << '\n'
      << name << ' ' << value << '\n';
}

std::string labels(const StoredRelease& release) {
  return "{publisher=\"" + release.publisher.id() + "\",channel=\"" + release.channel +
         "\",arch=\"" + release.arch + "\"} ";
}

/// For an alert well before: phase_release_expiry > 0.
void expiry_metrics(std::ostringstream& out, const Node& node, WallTime now) {
  out << "# HELP phase_release_expires_timestamp_seconds When the newest release expires; 0: never.\n"
         "# TYPE phase_release_expires_timestamp_seconds gauge\n";
  for (const StoredRelease& release : node.store().releases()) {
    if (!release.current) continue;
    out << "phase_release_expires_timestamp_seconds" << labels(release)
        << release.manifest.expires.seconds << '\n';
  }
  out << "# HELP phase_release_expiry 0: good, 1: expires soon, 2: expired.\n"
         "# TYPE phase_release_expiry gauge\n";
  for (const StoredRelease& release : node.store().releases()) {
    if (!release.current) continue;
    out << "phase_release_expiry" << labels(release)
        << static_cast<int>(freshness(release, now)) << '\n';
  }
}

/// ", expires in 12 days" where that is soon, of a release or a root.
std::string warning(const Json& one, const char* state, const char* when, WallTime now) {
  const std::string freshness = one.value(state, "good");
  if (freshness == freshness_name(Freshness::kGood)) return {};
  return ", " + expiry_text({one.value(when, std::int64_t{0})}, now);
}

}  // namespace

std::string lan_node_json(const dht::LanNode& node) {
  Json json{{"name", node.instance}, {"addresses", Json::array()}, {"releases", Json::array()}};
  for (const Endpoint& address : node.addresses) json["addresses"].push_back(address.host());
  for (const dht::LanRelease& release : node.service.releases) {
    json["releases"].push_back({{"key", release.key_id},
                                {"channel", release.channel},
                                {"arch", release.arch},
                                {"version", release.version}});
  }
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::string status_json(const Node& node, WallTime now) {
  const HttpCounters http = node.http().counters();
  Json json{{"format", 1},
            {"time", now.seconds},
            {"listening", {{"http", endpoints(node.http().listening())},
                           {"peer", endpoints(node.session().listening())}}},
            {"dht", {{"nodes", node.session().dht_nodes()}}},
            {"reachable", reachable_json(node)},
            {"lan", {{"as", node.lan_name()}, {"nodes", Json::array()}}},
            {"http", {{"connections", http.active},
                      {"requests", http.requests},
                      {"bytes_sent", http.bytes_sent},
                      {"refused", http.refused_connections},
                      {"cut", http.cut_connections}}},
            {"releases", Json::array()},
            {"following", Json::array()}};
  for (const dht::LanNode& near : node.lan_nodes()) {
    json["lan"]["nodes"].push_back(Json::parse(lan_node_json(near)));
  }
  for (const StoredRelease& release : node.store().releases()) {
    json["releases"].push_back(release_json(node, release, now));
  }
  for (const auto& follower : node.followers()) {
    json["following"].push_back(follower_json(*follower, now));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string metrics_text(const Node& node, WallTime now) {
  const HttpCounters http = node.http().counters();
  std::uint64_t sent = 0, peers = 0;
  for (const auto& [name, id] : node.seeded()) {
    peers += node.session().status(id).peers;
    for (const dht::PeerAccount& peer : node.session().peers(id)) sent += peer.sent;
  }
  std::ostringstream out;
  metric(out, "phase_dht_nodes", "gauge", "Nodes in the routing table.", node.session().dht_nodes());
  metric(out, "phase_releases", "gauge", "Releases that are seeded.", node.seeded().size());
  metric(out, "phase_peers", "gauge", "Connected peers of all releases.", peers);
  metric(out, "phase_peer_sent_bytes_total", "counter", "Payload bytes sent to peers.", sent);
  metric(out, "phase_http_connections", "gauge", "Open HTTP connections.", http.active);
  metric(out, "phase_http_sent_bytes_total", "counter", "Bytes sent over HTTP.", http.bytes_sent);
  metric(out, "phase_http_refused_total", "counter", "Connections over a cap.",
         http.refused_connections);
  metric(out, "phase_http_cut_total", "counter", "Connections ended as too slow or malformed.",
         http.cut_connections);
  out << "# HELP phase_http_requests_total Requests by status.\n"
         "# TYPE phase_http_requests_total counter\n";
  for (const auto& [status, count] : http.by_status) {
    out << "phase_http_requests_total{status=\"" << status << "\"} " << count << '\n';
  }
  expiry_metrics(out, node, now);
  return out.str();
}

Result<std::string> status_text(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("format", 0) != 1) {
    return Error{ErrorCode::kMalformed, "the admin endpoint gave no status of format 1"};
  }
  std::ostringstream out;
  try {
    const WallTime now{json.at("time").get<std::int64_t>()};
    for (const char* kind : {"http", "peer"}) {
      for (const Json& at : json.at("listening").at(kind)) {
        out << "listening  " << kind << ' ' << at.get<std::string>() << '\n';
      }
    }
    out << "dht        " << json.at("dht").at("nodes").get<int>() << " nodes\n";
    if (const auto reached = json.find("reachable"); reached != json.end()) {
      out << "strangers  " << reached->at("strangers_come_in").get<std::string>() << ": "
          << reached->at("why").get<std::string>() << '\n';
    }
    const std::string as = json.at("lan").at("as").get<std::string>();
    out << "link       " << (as.empty() ? "not registered" : "registered as " + as) << ", "
        << json.at("lan").at("nodes").size() << " other nodes\n";
    for (const Json& one : json.at("releases")) {
      out << "release    " << one.at("channel").get<std::string>() << '/'
          << one.at("arch").get<std::string>() << " version " << one.at("version").get<std::uint64_t>()
          << (one.at("current").get<bool>() ? "" : " (previous)") << ", "
          << one.at("bytes").get<std::uint64_t>() << " bytes, peers " << one.value("peers", 0)
          << ", sent " << one.value("sent", std::uint64_t{0})
          << warning(one, "expiry", "expires", now) << '\n';
    }
    for (const Json& one : json.at("following")) {
      out << "following  " << one.at("channel").get<std::string>() << '/'
          << one.at("arch").get<std::string>() << " of " << one.at("key").get<std::string>()
          << ", root version " << one.value("root", std::uint64_t{1})
          << warning(one, "root_expiry", "root_expires", now) << ", version "
          << one.at("version").get<std::uint64_t>();
      if (one.contains("fetched")) {
        out << ", fetched " << one.at("fetched").at("received").get<std::uint64_t>()
            << " bytes and reused " << one.at("fetched").at("reused").get<std::uint64_t>();
      }
      if (one.contains("stage")) out << ", " << one.at("stage").get<std::string>();
      if (one.contains("error")) out << ", " << one.at("error").at("detail").get<std::string>();
      out << '\n';
    }
  } catch (const Json::exception& why) {
    return Error{ErrorCode::kMalformed, std::string("the admin endpoint's status: ") + why.what()};
  }
  return out.str();
}

}  // namespace phase::node
