// boot/arrival_check.h
// Holds the artifacts of a release against its signed manifest while their pieces arrive, in a
// thread of its own, so that after the last byte one piece is left to hash and not all of them.
// It compares BEP 52 roots, which are signed beside the SHA-256 of the whole: a tree of SHA-256
// takes its pieces in any order.
//
// Threads: the owner's calls all; `wake` is called from the inner thread. Bounds: one piece in
// memory, one hash per piece.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dht/session.h"
#include "proto/manifest.h"

namespace phase::boot {

class ArrivalCheck {
 public:
  /// `folder` holds the files of `info`, which check_torrent() has accepted for `manifest`.
  /// `wake` is called when poll() has something.
  ArrivalCheck(std::string folder, const dht::TorrentInfo& info, const Manifest& manifest,
               std::function<void()> wake);
  ~ArrivalCheck();  ///< Waits for the piece that is being hashed.
  ArrivalCheck(const ArrivalCheck&) = delete;
  ArrivalCheck& operator=(const ArrivalCheck&) = delete;

  /// arrived[i]: piece i of the torrent lies on disk, and will not change any more.
  void arrived(const std::vector<bool>& pieces);
  /// Set once all pieces were hashed or one file was refused: kAltered, kSmallerThanSigned or
  /// kStore, naming the file.
  [[nodiscard]] std::optional<Result<void>> poll() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace phase::boot
