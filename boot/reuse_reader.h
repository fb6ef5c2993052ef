// boot/reuse_reader.h
// Reads planned pieces from files of older releases and hashes them, in a thread of its own. The
// files are not trusted: no link is followed, nothing but a regular file is read, and what does not
// have its sum is no piece.
//
// Threads: the owner's calls all; `wake` is called from the inner thread. Bounds: kReadAheadBytes
// and one piece in memory, one file open at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "boot/reuse_plan.h"
#include "proto/bytes.h"

namespace phase::boot {

inline constexpr std::size_t kReadAheadBytes = 8 * 1024 * 1024;

class ReuseReader {
 public:
  /// `files` by their number in `plan`. `wake` is called when take() has something and had nothing.
  ReuseReader(std::vector<std::string> files, std::vector<ReusePiece> plan,
              std::function<void()> wake);
  ~ReuseReader();  ///< Waits for the piece that is being read.
  ReuseReader(const ReuseReader&) = delete;
  ReuseReader& operator=(const ReuseReader&) = delete;

  struct Happened {
    std::vector<std::pair<std::uint32_t, Bytes>> found;  ///< The torrent's number; its file's bytes.
    std::vector<std::uint32_t> missed;  ///< Not there any more, or altered.
    bool over = false;                  ///< Nothing comes after this.
  };
  /// Since the last call; of `found` no more than `most` bytes, but one piece if there is any and
  /// `most` is not 0.
  [[nodiscard]] Happened take(std::size_t most);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace phase::boot
