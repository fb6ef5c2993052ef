// boot/given_provider.h
// A provider that was given by URL: its relay of the pointer, then the release's .torrent, then a
// web seed. Nothing that it says is trusted. Threads: the owner's; `wake` is called from others.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "boot/http_get.h"
#include "boot/peer_list.h"
#include "proto/pointer.h"

namespace phase::boot {

class GivenProvider {
 public:
  /// Asks for the pointers of `keys` at once; `deadline` is of each request. kUsage where `url` is
  /// none.
  static Result<GivenProvider> ask(const std::string& url, const std::vector<PublicKey>& keys,
                                   const std::string& channel, const std::string& arch, HttpWay way,
                                   std::chrono::milliseconds deadline, std::function<void()> wake);
  /// Asks for others' in the place of those.
  void ask_pointers(const std::vector<PublicKey>& keys);

  /// Once, when every key's answer is there: the items that came, each signed by its key, or the
  /// reason why none did.
  [[nodiscard]] std::optional<Result<std::vector<SignedItem>>> poll_pointer();
  void ask_torrent();
  /// Once, when the .torrent file or the reason why not is there.
  [[nodiscard]] std::optional<Result<Bytes>> poll_torrent();
  /// Who has the release of this infohash.
  void ask_peers(const Sha1& infohash);
  /// Once: the peers that it names, kMaxNamedPeers at most; none where it names none.
  [[nodiscard]] std::optional<std::vector<Endpoint>> poll_peers();
  /// An answer is still to come.
  [[nodiscard]] bool busy() const {
    return !pointer_gets_.empty() || torrent_get_ || peers_get_;
  }

  [[nodiscard]] const std::string& base() const { return base_; }
  /// BEP 19: what is asked for is <this>/<torrent name>/<file>.
  [[nodiscard]] std::string web_seed() const { return base_ + "/release"; }

 private:
  GivenProvider() = default;

  std::string base_;  // the URL without a slash at its end
  struct PointerGet {
    PublicKey key;
    HttpGet get;
    std::optional<Result<Bytes>> answer;
  };

  HttpUrl url_;
  std::string channel_and_arch_;
  HttpWay way_;
  std::chrono::milliseconds deadline_{};
  std::function<void()> wake_;
  std::vector<PointerGet> pointer_gets_;
  std::optional<HttpGet> torrent_get_;
  std::optional<HttpGet> peers_get_;
};

}  // namespace phase::boot
