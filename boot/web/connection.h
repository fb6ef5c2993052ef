// boot/web/connection.h
// One web server that is asked for pieces of a release, one run of them after the other, over one
// connection that is kept. Each piece is checked against its BEP 52 hash before anybody sees it.
// Runs in a thread of its own; the owner polls.
//
// Hostile input: an answer that is not exactly what was asked for is refused by its head
// (boot/web/reply.h), which has 8 KiB at most; nothing is read beyond the announced bytes; a server
// must begin to answer, and then deliver kLeastBytes, in each kPatience. Bounds: one piece and
// kMaxQueuedBytes of checked ones in memory; while the owner takes none, none is read.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "boot/http_get.h"
#include "boot/web/share.h"
#include "dht/torrent.h"
#include "proto/endpoint.h"

namespace phase::boot {

inline constexpr std::chrono::seconds kWebPatience{10};
inline constexpr std::uint64_t kLeastWebBytes = 16 * 1024;
inline constexpr std::size_t kMaxQueuedWebBytes = 8 * 1024 * 1024;

class WebConnection {
 public:
  /// `url` is where the torrent's folder lies: <url>/<torrent name>/<file> is asked for (BEP 19).
  /// `wake` is called from the other thread when take() has something.
  WebConnection(HttpUrl url, HttpWay way, std::shared_ptr<const dht::PieceLayout> layout,
                std::function<void()> wake);
  ~WebConnection();  ///< Ends it; waits for the thread (a name look-up under way is waited for).
  WebConnection(const WebConnection&) = delete;
  WebConnection& operator=(const WebConnection&) = delete;

  /// Only while idle: before the first question, and after each Happened::over.
  void ask(const PieceRun& run);
  /// The run that was asked for last ends here; what came already is kept. Never later than asked.
  void shorten(std::uint32_t end);

  struct Piece {
    std::uint32_t number = 0;  ///< The torrent's.
    Bytes bytes;
  };
  struct Happened {
    std::vector<Piece> pieces;  ///< Checked; of the run, and of the rest of its file where the
                                ///< server knows no ranges.
    bool over = false;          ///< The question is over.
    /// Why it ended before its end: kNetwork, kTimeout; kProvider for an answer that is none;
    /// kAltered for bytes that are not the torrent's. Says where, not what it means.
    std::optional<Error> error;
    std::optional<Endpoint> peer;  ///< Who it is, once connected; the proxy's address is not told.
    std::uint64_t received = 0;    ///< Bytes of bodies, since the last time.
  };
  [[nodiscard]] Happened take();

 private:
  struct Job;
  std::unique_ptr<Job> job_;
};

}  // namespace phase::boot
