// sim/hostile/release_copy.h
// A release as a peer serves it: the info dictionary's bytes and the pieces. Adapts libtorrent's
// reading of a .torrent file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "proto/bytes.h"
#include "proto/hash.h"
#include "proto/result.h"

namespace phase::sim {

class ReleaseCopy {
 public:
  /// `folder` holds the torrent's files, not the folder of its name. kStore for what is no release.
  static Result<ReleaseCopy> open(const std::string& torrent_file, const std::string& folder);

  /// As its name says: phase-<channel>-<arch>-<version>-<hash>.
  [[nodiscard]] std::uint64_t version() const { return version_; }
  [[nodiscard]] const Sha1& v1() const { return v1_; }
  [[nodiscard]] const Sha1& v2_cut() const { return v2_cut_; }  ///< As it is announced (BEP 52).
  [[nodiscard]] const std::string& info() const { return info_; }
  [[nodiscard]] std::size_t pieces() const { return pieces_; }
  /// `count` bytes of a piece from `begin` on; zeros where there are none.
  [[nodiscard]] Bytes read(std::uint32_t piece, std::uint32_t begin, std::uint32_t count) const;
  /// The file that a piece is of (no piece of a hybrid torrent reaches over a file's end).
  [[nodiscard]] std::string file_of(std::uint32_t piece) const;

 private:
  struct Layout;  // libtorrent's
  ReleaseCopy() = default;
  std::shared_ptr<const Layout> layout_;
  std::string folder_;
  std::uint64_t version_ = 0;
  Sha1 v1_{}, v2_cut_{};
  std::string info_;
  std::size_t pieces_ = 0;
};

}  // namespace phase::sim
