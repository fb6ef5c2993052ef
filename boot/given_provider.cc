#include "boot/given_provider.h"

#include "dht/session.h"

namespace phase::boot {
namespace {

constexpr std::size_t kMaxPointerAnswer = 8 * 1024;
constexpr std::size_t kMaxTorrentAnswer = 4 * dht::kMaxMetadataBytes;

}  // namespace

Result<GivenProvider> GivenProvider::ask(const std::string& url, const PublicKey& key,
                                         const std::string& channel, const std::string& arch,
                                         HttpWay way, std::chrono::milliseconds deadline,
                                         std::function<void()> wake) {
  auto parsed = parse_http_url(url);
  if (!parsed) return parsed.error();
  GivenProvider out;
  out.base_ = url;
  while (out.base_.ends_with('/')) out.base_.pop_back();
  out.key_ = key;
  out.way_ = std::move(way);
  out.deadline_ = deadline;
  out.wake_ = std::move(wake);
  out.torrent_url_ = *parsed;
  out.torrent_url_.target += "/" + channel + "/" + arch + "/release.torrent";
  HttpUrl pointer = std::move(*parsed);
  pointer.target += "/pointer/" + key.hex() + "/" + channel + "/" + arch;
  out.pointer_get_.emplace(std::move(pointer), out.way_, kMaxPointerAnswer, deadline, out.wake_);
  return out;
}

std::optional<Result<std::vector<SignedItem>>> GivenProvider::poll_pointer() {
  if (!pointer_get_) return {};
  const auto answer = pointer_get_->poll();
  if (!answer) return {};
  pointer_get_.reset();
  if (!*answer) return answer->error();
  auto items = decode_items(**answer, key_);
  if (!items) return items.error().in(base_);
  return items;
}

void GivenProvider::ask_torrent() {
  torrent_get_.emplace(torrent_url_, way_, kMaxTorrentAnswer, deadline_, wake_);
}

std::optional<Result<Bytes>> GivenProvider::poll_torrent() {
  if (!torrent_get_) return {};
  auto answer = torrent_get_->poll();
  if (answer) torrent_get_.reset();
  return answer;
}

}  // namespace phase::boot
