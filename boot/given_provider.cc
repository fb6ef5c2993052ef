#include "boot/given_provider.h"

#include <iterator>
#include <utility>

#include "dht/session.h"

namespace phase::boot {
namespace {

constexpr std::size_t kMaxPointerAnswer = 8 * 1024;
constexpr std::size_t kMaxTorrentAnswer = 4 * dht::kMaxMetadataBytes;
constexpr std::size_t kMaxPeersAnswer = 16 * 1024;

}  // namespace

Result<GivenProvider> GivenProvider::ask(const std::string& url, const std::vector<PublicKey>& keys,
                                         const std::string& channel, const std::string& arch,
                                         HttpWay way, std::chrono::milliseconds deadline,
                                         std::function<void()> wake) {
  auto parsed = parse_http_url(url);
  if (!parsed) return parsed.error();
  GivenProvider out;
  out.base_ = url;
  while (out.base_.ends_with('/')) out.base_.pop_back();
  out.url_ = *std::move(parsed);
  out.channel_and_arch_ = channel + "/" + arch;
  out.way_ = std::move(way);
  out.deadline_ = deadline;
  out.wake_ = std::move(wake);
  out.ask_pointers(keys);
  return out;
}

void GivenProvider::ask_pointers(const std::vector<PublicKey>& keys) {
  pointer_gets_.clear();
  for (const PublicKey& key : keys) {
    HttpUrl pointer = url_;
    pointer.target += "/pointer/" + key.hex() + "/" + channel_and_arch_;
    pointer_gets_.push_back(
        {key, HttpGet(std::move(pointer), way_, kMaxPointerAnswer, deadline_, wake_), {}});
  }
}

std::optional<Result<std::vector<SignedItem>>> GivenProvider::poll_pointer() {
  if (pointer_gets_.empty()) return {};
  bool all_there = true;
  for (PointerGet& one : pointer_gets_) {
    if (!one.answer) one.answer = one.get.poll();
    all_there &= one.answer.has_value();
  }
  if (!all_there) return {};
  std::vector<SignedItem> found;
  std::optional<Error> why;
  for (const PointerGet& one : std::exchange(pointer_gets_, {})) {
    auto items = *one.answer ? decode_items(**one.answer, one.key)
                             : Result<std::vector<SignedItem>>(one.answer->error());
    if (!items) {
      why = *one.answer ? items.error().in(base_) : items.error();
      continue;
    }
    std::move(items->begin(), items->end(), std::back_inserter(found));
  }
  if (found.empty() && why) return *why;
  return found;
}

void GivenProvider::ask_torrent() {
  HttpUrl torrent = url_;
  torrent.target += "/" + channel_and_arch_ + "/release.torrent";
  torrent_get_.emplace(std::move(torrent), way_, kMaxTorrentAnswer, deadline_, wake_);
}

void GivenProvider::ask_peers(const Sha1& infohash) {
  HttpUrl peers = url_;
  peers.target += "/peers/" + to_hex(infohash);
  peers_get_.emplace(std::move(peers), way_, kMaxPeersAnswer, deadline_, wake_);
}

std::optional<std::vector<Endpoint>> GivenProvider::poll_peers() {
  if (!peers_get_) return {};
  const auto answer = peers_get_->poll();
  if (!answer) return {};
  peers_get_.reset();
  // A static server has no such file, and need not.
  return *answer ? read_peer_list(as_text(**answer)) : std::vector<Endpoint>{};
}

std::optional<Result<Bytes>> GivenProvider::poll_torrent() {
  if (!torrent_get_) return {};
  auto answer = torrent_get_->poll();
  if (answer) torrent_get_.reset();
  return answer;
}

}  // namespace phase::boot
