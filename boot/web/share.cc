#include "boot/web/share.h"

#include <algorithm>
#include <cmath>

namespace phase::boot {
namespace {

using std::chrono::seconds;

/// Less than this is not worth a round trip of its own, while there is more.
constexpr std::uint32_t kLeastRunBytes = 4 * 1024 * 1024;
/// A piece that the session did not take, because something changed under it, is fetched again.
constexpr seconds kHandedPatience{10};
/// A run that cannot be halved changes hands after so long.
constexpr seconds kLastPiecePatience{2};
/// While peers have fewer pieces than this to choose from, servers leave them some of theirs…
constexpr std::size_t kRoomForPeers = 16;
/// …and with fewer than this peers are asked for all: libtorrent takes a torrent without a piece to
/// ask for as finished, and leaves its seeds.
constexpr std::size_t kLeastForPeers = 8;

}  // namespace

WebShare::WebShare(const dht::PieceLayout& layout)
    : pieces_(layout.pieces),
      least_run_(std::max<std::uint32_t>(1, kLeastRunBytes / layout.piece_length)) {
  for (const dht::FilePieces& file : layout.files) {
    const auto count = static_cast<std::uint32_t>(file.hashes.size());
    files_.push_back({file.path, file.first, file.first + count});
  }
}

void WebShare::want(const std::vector<std::string>& paths) {
  for (const File& file : files_) {
    const bool wanted = std::find(paths.begin(), paths.end(), file.path) != paths.end();
    for (std::uint32_t i = file.first; i < file.end; ++i) pieces_[i].wanted = wanted;
  }
}

void WebShare::set_there(const std::vector<bool>& there, MonoTime now) {
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    Piece& piece = pieces_[i];
    piece.there = i < there.size() && there[i];
    if (piece.there || (piece.handed && now - *piece.handed > kHandedPatience)) {
      piece.handed.reset();
      piece.server = kNobody;
    }
  }
}

std::size_t WebShare::file_of(std::uint32_t piece) const {
  const auto at = std::find_if(files_.begin(), files_.end(), [&](const File& file) {
    return piece >= file.first && piece < file.end;
  });
  check(at != files_.end(), "a piece of no file");
  return static_cast<std::size_t>(at - files_.begin());
}

std::size_t WebShare::free_pieces() const {
  return static_cast<std::size_t>(std::count_if(
      pieces_.begin(), pieces_.end(),
      [this](const Piece& piece) { return missing(piece) && piece.server == kNobody; }));
}

WebShare::Span WebShare::longest_free(bool begun_too) const {
  Span best;
  for (const File& file : files_) {
    Span span{file.first, file.first};
    for (std::uint32_t i = file.first; i < file.end; ++i) {
      const bool begun = i < begun_.size() && begun_[i];
      const Piece& piece = pieces_[i];
      if (missing(piece) && piece.server == kNobody && (begun_too || !begun))
        span.end = i + 1;
      else
        span = {i + 1, i + 1};
      if (span.size() > best.size()) best = span;
    }
  }
  return best;
}

WebShare::Span WebShare::before(Server server) const {
  Span out;
  for (std::uint32_t i = 0; i < pieces_.size(); ++i) {
    if (pieces_[i].server != server || !missing(pieces_[i])) continue;
    if (out.size() == 0) out.begin = i;
    out.end = i + 1;
  }
  return out;
}

WebShare::Span WebShare::steal(Server thief, MonoTime now) {
  Span best;
  for (const Task& task : tasks_) {
    if (task.server == thief) continue;
    Span span = before(task.server);
    if (span.size() == 1 && now - task.since < kLastPiecePatience) continue;
    if (span.size() > 1) span.begin += (span.size() + 1) / 2;
    if (span.size() > best.size()) best = span;
  }
  return best;
}

std::size_t WebShare::missing_pieces() const {
  return static_cast<std::size_t>(std::count_if(
      pieces_.begin(), pieces_.end(), [this](const Piece& piece) { return missing(piece); }));
}

std::optional<PieceRun> WebShare::next(Server server, std::size_t parties, MonoTime now,
                                       std::optional<std::size_t> most) {
  over(server);
  Span span = longest_free(false);
  if (span.size() == 0) span = longest_free(true);
  if (span.size() == 0) {
    span = steal(server, now);
  } else {
    const auto fair = static_cast<std::uint32_t>(free_pieces() / std::max<std::size_t>(parties, 1));
    const auto run = most ? std::max<std::uint32_t>(1, static_cast<std::uint32_t>(*most))
                          : std::max(fair, least_run_);
    span.end = std::min(span.end, span.begin + run);
  }
  if (span.size() == 0) return std::nullopt;
  for (std::uint32_t i = span.begin; i < span.end; ++i) pieces_[i].server = server;
  const std::size_t file = file_of(span.begin);
  tasks_.push_back({server, now, file});
  return PieceRun{file, span.begin - files_[file].first, span.end - files_[file].first};
}

void WebShare::handed(std::uint32_t piece, MonoTime now) {
  if (piece < pieces_.size() && !pieces_[piece].there) pieces_[piece].handed = now;
}

void WebShare::over(Server server) {
  std::erase_if(tasks_, [&](const Task& task) { return task.server == server; });
  for (Piece& piece : pieces_) {
    if (piece.server == server && !piece.handed) piece.server = kNobody;
  }
}

std::uint32_t WebShare::end_of(Server server) const {
  const auto task = std::find_if(tasks_.begin(), tasks_.end(),
                                 [&](const Task& one) { return one.server == server; });
  const Span span = before(server);
  if (task == tasks_.end() || span.size() == 0) return 0;
  return span.end - files_[task->file].first;
}

void WebShare::make_room(std::size_t needed, double servers_part) {
  const std::size_t free = free_pieces();
  if (free >= std::max(kRoomForPeers, needed)) return;
  Span best;
  std::size_t theirs = 0;
  for (const Task& task : tasks_) {
    const Span span = before(task.server);
    theirs += span.size();
    if (span.size() > best.size()) best = span;
  }
  if (best.size() < 2) return;
  const double kept = servers_part * static_cast<double>(free + theirs) *
                      static_cast<double>(best.size()) / static_cast<double>(theirs);
  const auto keep = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(std::lround(kept)));
  // Each change of a run may end a connection: not for a little.
  if (keep > best.size() - best.size() / 4) return;
  for (std::uint32_t i = best.begin + keep; i < best.end; ++i) {
    pieces_[i].server = kNobody;
  }
}

std::vector<bool> WebShare::spared() const {
  std::vector<bool> out(pieces_.size());
  if (free_pieces() < kLeastForPeers) return out;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    out[i] = pieces_[i].server != kNobody && missing(pieces_[i]);
  }
  return out;
}

std::size_t WebShare::handed_pieces() const {
  return static_cast<std::size_t>(std::count_if(
      pieces_.begin(), pieces_.end(), [](const Piece& piece) { return piece.handed.has_value(); }));
}

}  // namespace phase::boot
