#include "boot/reuse.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace phase::boot {
namespace {

namespace fs = std::filesystem;

/// A piece that the session did not take, because something changed under it, is fetched.
constexpr std::chrono::seconds kGivenPatience{10};
constexpr std::size_t kMaxOlderFiles = 512;  ///< Twice what a release may hold.

}  // namespace

std::vector<OlderFile> older_files(const OlderRelease& release) {
  std::vector<OlderFile> out;
  if (const auto sums = dht::read_piece_sums(release.torrent)) {
    for (const dht::FileSums& file : sums->files) {
      out.push_back({release.folder + "/" + file.path, file.path, file.size, file.pieces_root,
                     sums->piece_length, file.sums});
    }
    return out;
  }
  std::error_code failed;
  for (fs::recursive_directory_iterator at(release.folder, failed), end;
       !failed && at != end && out.size() < kMaxOlderFiles; at.increment(failed)) {
    std::error_code unreadable;
    if (!at->is_regular_file(unreadable) || at->is_symlink(unreadable)) continue;
    const auto size = at->file_size(unreadable);
    if (unreadable) continue;
    out.push_back({at->path().string(), at->path().lexically_relative(release.folder).string(),
                   size, {}, 0, {}});
  }
  return out;
}

Reuse::Reuse(dht::Session& session, std::function<void()> wake)
    : session_(session), wake_(std::move(wake)) {}

Reuse::~Reuse() = default;

std::vector<std::uint32_t> Reuse::plan(dht::ReleaseId release,
                                       const std::vector<OlderFile>& older) {
  stop();
  reused_ = planned_ = 0;
  const auto sums = session_.piece_sums(release);
  if (!sums) return {};
  plan_ = plan_reuse(*sums, older);
  const auto there = session_.pieces(release);
  std::erase_if(plan_, [&](const ReusePiece& piece) {
    return piece.piece < there.size() && there[piece.piece];
  });
  if (plan_.empty()) return {};
  release_ = release;
  expected_.assign(sums->pieces, false);
  ++changes_;
  std::vector<std::uint32_t> pieces;
  for (const ReusePiece& piece : plan_) {
    expected_[piece.piece] = true;
    pieces.push_back(piece.piece);
    planned_ += piece.size;
  }
  for (const OlderFile& file : older) files_.push_back(file.on_disk);
  return pieces;
}

void Reuse::start() {
  if (plan_.empty()) return;
  reader_ = std::make_unique<ReuseReader>(std::exchange(files_, {}), std::exchange(plan_, {}), wake_);
}

void Reuse::stop() {
  reader_.reset();
  files_.clear();
  plan_.clear();
  given_.clear();
  given_bytes_ = 0;
  release_.reset();
  if (!expected_.empty()) ++changes_;
  expected_.clear();
}

void Reuse::missed(const std::vector<std::uint32_t>& pieces) {
  if (pieces.empty()) return;
  for (const std::uint32_t piece : pieces) expected_[piece] = false;
  ++changes_;
  session_.ask_peers(*release_, pieces, true);
}

void Reuse::give(MonoTime now) {
  if (!reader_) return;
  const std::size_t room = kMaxGivenBytes - std::min(given_bytes_, kMaxGivenBytes);
  ReuseReader::Happened happened = reader_->take(room);
  for (const auto& [piece, bytes] : happened.found) {
    given_[piece] = {now, static_cast<std::uint32_t>(bytes.size())};
    given_bytes_ += bytes.size();
    session_.add_piece(*release_, piece, bytes);
  }
  missed(happened.missed);
  if (happened.over) reader_.reset();
}

void Reuse::confirm(MonoTime now) {
  if (given_.empty()) return;
  const auto there = session_.pieces(*release_);
  std::vector<std::uint32_t> late;
  for (auto at = given_.begin(); at != given_.end();) {
    const bool taken = at->first < there.size() && there[at->first];
    if (!taken && now - at->second.since < kGivenPatience) {
      ++at;
      continue;
    }
    if (taken) reused_ += at->second.size;
    else late.push_back(at->first);
    given_bytes_ -= at->second.size;
    at = given_.erase(at);
  }
  missed(late);
}

void Reuse::tick(MonoTime now) {
  if (!release_ || !busy()) return;
  // Nothing is taken while the session looks at what lay there before.
  if (session_.status(*release_).checking) return;
  confirm(now);
  give(now);
}

}  // namespace phase::boot
