// dht/resolve.cc
#include "dht/resolve.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace phase::dht {
namespace {

constexpr std::size_t kMaxPerName = 16;  // A name that answers with a thousand adds nothing.
constexpr std::size_t kMaxNames = 64;

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

std::optional<HostPort> split(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  HostPort out{text.substr(0, colon), 0};
  const bool printable = std::all_of(out.host.begin(), out.host.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '_';
  });
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + colon + 1, end, out.port);
  if (!printable || out.host.size() > 253 || parsed.ec != std::errc() || parsed.ptr != end ||
      out.port == 0) {
    return std::nullopt;
  }
  return out;
}

std::vector<Endpoint> look_up(const HostPort& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* list = nullptr;
  if (::getaddrinfo(name.host.c_str(), nullptr, &hints, &list) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  std::vector<Endpoint> out;
  for (const addrinfo* at = list; at != nullptr && out.size() < kMaxPerName; at = at->ai_next) {
    char host[NI_MAXHOST];
    if (::getnameinfo(at->ai_addr, at->ai_addrlen, host, sizeof host, nullptr, 0, NI_NUMERICHOST) !=
        0) {
      continue;
    }
    if (const auto endpoint = parse_address(host, name.port)) out.push_back(*endpoint);
  }
  return out;
}

}  // namespace

const std::vector<std::string>& default_bootstrap() {
  // Several operators, so that none of them decides whether a machine boots.
  static const std::vector<std::string> nodes = {
      "router.bittorrent.com:6881", "dht.transmissionbt.com:6881", "dht.libtorrent.org:25401",
      "router.utorrent.com:6881",   "dht.aelitis.com:6881",
  };
  return nodes;
}

/// Shared with the workers, who may outlive their owner: getaddrinfo cannot be interrupted, and a
/// resolver that hangs must hold up neither the start nor the end of the program.
struct NameLookup::Pending {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t running = 0;
  std::vector<Endpoint> found;
  std::function<void()> wake;

  void over(const std::vector<Endpoint>& addresses) {
    const std::lock_guard lock(mutex);
    found.insert(found.end(), addresses.begin(), addresses.end());
    --running;
    changed.notify_all();
    if (wake && !addresses.empty()) wake();
  }
};

NameLookup::NameLookup(const std::vector<std::string>& names)
    : pending_(std::make_shared<Pending>()) {
  pending_->running = names.size();
  for (const std::string& name : names) {
    const auto parts = split(name);
    try {
      if (!parts) pending_->over({});
      else std::thread([pending = pending_, at = *parts] { pending->over(look_up(at)); }).detach();
    } catch (const std::system_error&) {  // No thread to be had: this name is left out.
      pending_->over({});
    }
  }
}

NameLookup::~NameLookup() { wake_with({}); }

void NameLookup::wait(std::chrono::milliseconds deadline) {
  std::unique_lock lock(pending_->mutex);
  pending_->changed.wait_for(lock, deadline, [&] { return pending_->running == 0; });
}

std::vector<Endpoint> NameLookup::take() {
  const std::lock_guard lock(pending_->mutex);
  return std::exchange(pending_->found, {});
}

void NameLookup::wake_with(std::function<void()> wake) {
  const std::lock_guard lock(pending_->mutex);
  pending_->wake = std::move(wake);
  if (pending_->wake && !pending_->found.empty()) pending_->wake();
}

Result<NamedNodes> sort_nodes(const std::vector<std::string>& nodes) {
  if (nodes.size() > kMaxNames) {
    return {ErrorCode::kUsage, "more than 64 bootstrap nodes are named"};
  }
  NamedNodes out;
  for (const auto& node : nodes) {
    if (const auto literal = parse_endpoint(node); literal && literal->port != 0) {
      out.literals.push_back(*literal);
    } else if (split(node)) {
      out.names.push_back(node);
    } else {
      return {ErrorCode::kUsage,
              "bootstrap node \"" + node + "\": expected HOST:PORT, 1.2.3.4:PORT or [v6]:PORT"};
    }
  }
  return out;
}

Result<std::vector<Endpoint>> resolve_nodes(const std::vector<std::string>& names,
                                            std::chrono::milliseconds deadline) {
  auto sorted = sort_nodes(names);
  if (!sorted) return sorted.error();
  NameLookup lookup(sorted->names);
  lookup.wait(deadline);
  std::vector<Endpoint> out = std::move(sorted->literals);
  for (const Endpoint& found : lookup.take()) out.push_back(found);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace phase::dht
