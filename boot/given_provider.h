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
#include "proto/pointer.h"

namespace phase::boot {

class GivenProvider {
 public:
  /// Asks for the pointer at once; `deadline` is of each request. kUsage where `url` is none.
  static Result<GivenProvider> ask(const std::string& url, const PublicKey& key,
                                   const std::string& channel, const std::string& arch, HttpWay way,
                                   std::chrono::milliseconds deadline, std::function<void()> wake);

  /// Once, when the pointer's items (signed by the key) or the reason why not are there.
  [[nodiscard]] std::optional<Result<std::vector<SignedItem>>> poll_pointer();
  void ask_torrent();
  /// Once, when the .torrent file or the reason why not is there.
  [[nodiscard]] std::optional<Result<Bytes>> poll_torrent();
  /// An answer is still to come.
  [[nodiscard]] bool busy() const { return pointer_get_ || torrent_get_; }

  [[nodiscard]] const std::string& base() const { return base_; }
  /// BEP 19: what is asked for is <this>/<torrent name>/<file>.
  [[nodiscard]] std::string web_seed() const { return base_ + "/release"; }

 private:
  GivenProvider() = default;

  std::string base_;  // the URL without a slash at its end
  HttpUrl torrent_url_;
  HttpWay way_;
  PublicKey key_;
  std::chrono::milliseconds deadline_{};
  std::function<void()> wake_;
  std::optional<HttpGet> pointer_get_;
  std::optional<HttpGet> torrent_get_;
};

}  // namespace phase::boot
