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

namespace phase::dht {
namespace {

constexpr std::size_t kMaxPerName = 16;  // A name that answers with a thousand adds nothing.
constexpr std::size_t kMaxNames = 64;

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

/// Shared with the workers, who may outlive the call: getaddrinfo cannot be interrupted, and a
/// resolver that hangs must hold up neither the start nor the end of the program.
struct Pending {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t running = 0;
  std::vector<Endpoint> found;
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

void start_worker(const std::shared_ptr<Pending>& pending, HostPort name) {
  {
    const std::lock_guard lock(pending->mutex);
    ++pending->running;
  }
  const auto work = [pending, name = std::move(name)] {
    auto found = look_up(name);
    const std::lock_guard lock(pending->mutex);
    pending->found.insert(pending->found.end(), found.begin(), found.end());
    --pending->running;
    pending->changed.notify_all();
  };
  try {
    std::thread(work).detach();
  } catch (const std::system_error&) {  // No thread to be had: this name is left out.
    const std::lock_guard lock(pending->mutex);
    --pending->running;
  }
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

Result<std::vector<Endpoint>> resolve_nodes(const std::vector<std::string>& names,
                                            std::chrono::milliseconds deadline) {
  if (names.size() > kMaxNames) {
    return {ErrorCode::kUsage, "more than 64 bootstrap nodes are named"};
  }
  std::vector<Endpoint> out;
  std::vector<HostPort> unresolved;
  for (const auto& name : names) {
    if (const auto literal = parse_endpoint(name); literal && literal->port != 0) {
      out.push_back(*literal);
    } else if (auto parts = split(name)) {
      unresolved.push_back(std::move(*parts));
    } else {
      return {ErrorCode::kUsage,
              "bootstrap node \"" + name + "\": expected HOST:PORT, 1.2.3.4:PORT or [v6]:PORT"};
    }
  }
  const auto pending = std::make_shared<Pending>();
  for (auto& name : unresolved) start_worker(pending, std::move(name));
  {
    std::unique_lock lock(pending->mutex);
    pending->changed.wait_for(lock, deadline, [&] { return pending->running == 0; });
    out.insert(out.end(), pending->found.begin(), pending->found.end());
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace phase::dht
