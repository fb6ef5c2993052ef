// boot/web/share.h
// Decides which pieces of a release each web server is asked for, beside peers who are asked by
// libtorrent. Servers get long runs of pieces, because each question costs a round trip; whoever is
// done takes the second half of the longest run that another still has before it, so that nobody
// waits for the slowest. Pure: `now` comes in. Threads: the owner's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dht/torrent.h"
#include "proto/ports.h"

namespace phase::boot {

/// Pieces [begin, end) of one file, counted from the file's own first.
struct PieceRun {
  std::size_t file = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

class WebShare {
 public:
  /// Names one server; the owner's number.
  using Server = std::size_t;

  explicit WebShare(const dht::PieceLayout& layout);

  /// Which files are asked for from now on.
  void want(const std::vector<std::string>& paths);
  /// there[i]: piece i of the torrent is there and checked.
  void set_there(const std::vector<bool>& there, MonoTime now);
  /// begun[i]: peers were asked for a part of piece i: others first, for all else being equal.
  void set_begun(const std::vector<bool>& begun) { begun_ = begun; }

  /// What an idle server is asked for next; none: nothing, for now. `parties`: who fetches at the
  /// same time, this one included, the peers together as one. `most`: so many pieces at most, once it
  /// is known how fast everybody is.
  [[nodiscard]] std::optional<PieceRun> next(Server server, std::size_t parties, MonoTime now,
                                             std::optional<std::size_t> most = {});
  /// A piece was handed to the session, whoever brought it; it counts as there until
  /// kHandedPatience is over.
  void handed(std::uint32_t piece, MonoTime now);
  /// Its question is over: what has not come of it is for everybody again.
  void over(Server server);
  /// Where its run ends now, in the pieces of its file; never beyond what next() said. 0: nothing
  /// is left for it to do.
  [[nodiscard]] std::uint32_t end_of(Server server) const;

  /// With peers: makes room for them where less than `needed` pieces are left that no server has, so
  /// that servers keep `servers_part` of all that is missing, 0 to 1. Call before spared().
  void make_room(std::size_t needed = 0, double servers_part = 0.5);
  /// Pieces that nobody has brought yet.
  [[nodiscard]] std::size_t missing_pieces() const;
  /// Pieces that peers need not be asked for, since a server is about to bring them.
  [[nodiscard]] std::vector<bool> spared() const;
  /// Handed over, and not there yet.
  [[nodiscard]] std::size_t handed_pieces() const;

 private:
  static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);
  struct Piece {
    bool wanted = false;
    bool there = false;
    std::optional<MonoTime> handed;
    std::size_t server = kNobody;
  };
  struct Span {
    std::uint32_t begin = 0, end = 0;  // the torrent's numbers
    [[nodiscard]] std::uint32_t size() const { return end - begin; }
  };
  struct Task {
    Server server;
    MonoTime since;
    std::size_t file;
  };
  [[nodiscard]] bool missing(const Piece& piece) const {
    return piece.wanted && !piece.there && !piece.handed;
  }
  [[nodiscard]] Span longest_free(bool begun_too) const;
  /// What `server` still has before it.
  [[nodiscard]] Span before(Server server) const;
  [[nodiscard]] Span steal(Server thief, MonoTime now);
  [[nodiscard]] std::size_t file_of(std::uint32_t piece) const;
  [[nodiscard]] std::size_t free_pieces() const;

  struct File {
    std::string path;
    std::uint32_t first = 0, end = 0;  // the torrent's numbers
  };
  std::vector<File> files_;
  std::vector<Piece> pieces_;
  std::vector<bool> begun_;
  std::vector<Task> tasks_;
  std::uint32_t least_run_;
};

}  // namespace phase::boot
