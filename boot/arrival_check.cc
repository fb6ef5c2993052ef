#include "boot/arrival_check.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

#include "proto/piece_hash.h"

namespace phase::boot {
namespace {

struct CheckedFile {
  std::string path;
  std::uint64_t size = 0;
  Sha256 root{};               // as signed
  std::size_t first_piece = 0;
  std::vector<Sha256> pieces;  // roots, where they are known
  std::size_t missing = 0;
};

/// In a hybrid torrent each file begins with a piece of its own (BEP 52), pad files fill the gaps.
std::vector<CheckedFile> lay_out(const std::string& folder, const dht::TorrentInfo& info,
                                 const Manifest& manifest) {
  std::vector<CheckedFile> out;
  std::size_t next_piece = 0;
  for (const dht::TorrentFile& file : info.files) {
    const std::size_t pieces =
        static_cast<std::size_t>((file.size + info.piece_length - 1) / info.piece_length);
    const auto artifact =
        std::find_if(manifest.artifacts.begin(), manifest.artifacts.end(),
                     [&](const Artifact& a) { return a.name == file.path; });
    if (artifact != manifest.artifacts.end()) {
      out.push_back({folder + "/" + file.path, artifact->size, artifact->pieces_root, next_piece,
                     std::vector<Sha256>(pieces), pieces});
    }
    next_piece += pieces;
  }
  return out;
}

Result<Bytes> read_piece(const CheckedFile& file, std::uint64_t offset, std::size_t length) {
  const int fd = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return {ErrorCode::kStore, file.path + ": " + std::strerror(errno)};
  Bytes bytes(length);
  std::size_t have = 0;
  ssize_t got = 1;
  while (have < length && got > 0) {
    got = ::pread(fd, bytes.data() + have, length - have, static_cast<off_t>(offset + have));
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  const int reason = errno;
  ::close(fd);
  if (got < 0) return {ErrorCode::kStore, file.path + ": " + std::strerror(reason)};
  if (have < length) {
    return {ErrorCode::kSmallerThanSigned, file.path + " ends after " +
                                               std::to_string(offset + have) + " bytes, signed are " +
                                               std::to_string(file.size)};
  }
  return bytes;
}

}  // namespace

struct ArrivalCheck::State {
  State(std::vector<CheckedFile> all, std::uint32_t length, std::function<void()> waker)
      : files(std::move(all)), piece_length(length), wake(std::move(waker)) {
    for (const CheckedFile& file : files) missing += file.pieces.size();
  }

  [[nodiscard]] Result<void> hash(std::size_t piece) {
    const auto at = std::find_if(files.begin(), files.end(), [&](const CheckedFile& file) {
      return piece >= file.first_piece && piece < file.first_piece + file.pieces.size();
    });
    if (at == files.end()) return {};  // of a file that nobody signed by itself
    const std::size_t index = piece - at->first_piece;
    const std::uint64_t offset = std::uint64_t{index} * piece_length;
    const auto bytes = read_piece(
        *at, offset, static_cast<std::size_t>(std::min<std::uint64_t>(piece_length, at->size - offset)));
    if (!bytes) return bytes.error();
    const bool alone = at->pieces.size() == 1;
    at->pieces[index] = piece_hash(*bytes, alone ? 0 : piece_length / kBlockBytes);
    --missing;
    if (--at->missing > 0) return {};
    const Sha256 root = root_of_pieces(at->pieces, piece_length / kBlockBytes);
    if (root == at->root) return {};
    return {ErrorCode::kAltered, at->path + ": its BEP 52 root is " + to_hex(root) +
                                     ", signed is " + to_hex(at->root)};
  }

  void run() {
    std::unique_lock lock(mutex);
    while (!ending && !result) {
      if (missing == 0) {
        result.emplace();
        break;
      }
      if (queue.empty()) {
        changed.wait(lock);
        continue;
      }
      const std::size_t piece = queue.front();
      queue.pop_front();
      lock.unlock();
      auto hashed = hash(piece);
      lock.lock();
      if (!hashed) result.emplace(hashed.error());
    }
    const bool tell = result.has_value();
    lock.unlock();
    if (tell) wake();
  }

  // Only the inner thread's, once it runs.
  std::vector<CheckedFile> files;
  std::uint32_t piece_length;
  std::size_t missing = 0;
  std::function<void()> wake;

  std::vector<bool> seen;  // only the owner's

  mutable std::mutex mutex;  // guards all below
  std::condition_variable changed;
  std::deque<std::size_t> queue;
  bool ending = false;
  std::optional<Result<void>> result;

  std::thread thread;
};

ArrivalCheck::ArrivalCheck(std::string folder, const dht::TorrentInfo& info,
                           const Manifest& manifest, std::function<void()> wake)
    : state_(std::make_unique<State>(lay_out(folder, info, manifest), info.piece_length,
                                     std::move(wake))) {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

ArrivalCheck::~ArrivalCheck() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->changed.notify_one();
  state_->thread.join();
}

void ArrivalCheck::arrived(const std::vector<bool>& pieces) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->seen.resize(std::max(state_->seen.size(), pieces.size()));
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (!pieces[i] || state_->seen[i]) continue;
      state_->seen[i] = true;
      state_->queue.push_back(i);
    }
  }
  state_->changed.notify_one();
}

std::optional<Result<void>> ArrivalCheck::poll() const {
  const std::lock_guard lock(state_->mutex);
  return state_->result;
}

}  // namespace phase::boot
