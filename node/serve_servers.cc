// A node that names other web servers with the same release in its release.meta4.
#include <algorithm>

#include "node/serve.h"

namespace phase::node {
namespace {

constexpr std::chrono::seconds kLookEvery{5};

}  // namespace

std::vector<std::string> Node::other_servers(const StoredRelease& release) const {
  std::vector<std::string> servers;
  if (const auto seeded = seeded_.find(release.name); seeded != seeded_.end()) {
    for (const dht::PeerAccount& peer : session_->peers(seeded->second)) {
      if (peer.banned || peer.http_port == 0) continue;
      Endpoint http = peer.peer;
      http.port = peer.http_port;
      servers.push_back("http://" + http.text());
    }
  }
  // The same peers make the same document, in whatever order they were met.
  std::sort(servers.begin(), servers.end());
  servers.insert(servers.begin(), options_.mirrors.begin(), options_.mirrors.end());
  return servers;
}

void Node::tell_servers(MonoTime now) {
  if (now < next_tell_servers_) return;
  next_tell_servers_ = now + kLookEvery;
  std::map<std::string, std::vector<std::string>> servers;
  for (const StoredRelease& release : store_.releases()) {
    if (release.current) servers[release.name] = other_servers(release);
  }
  if (servers == told_servers_) return;
  told_servers_ = std::move(servers);
  share_catalogue();
}

}  // namespace phase::node
