#include "boot/reuse_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace phase::boot {
namespace {

/// The older file that is being read; pieces of one mostly follow each other.
class OpenOlder {
 public:
  OpenOlder() = default;
  ~OpenOlder() { close(); }
  OpenOlder(const OpenOlder&) = delete;
  OpenOlder& operator=(const OpenOlder&) = delete;

  [[nodiscard]] bool open(const std::string& path) {
    if (path == path_) return fd_ >= 0;
    close();
    path_ = path;
    // Without O_NONBLOCK, a pipe that somebody put there would hold the thread for ever.
    fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat info {};
    if (fd_ >= 0 && (::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode))) close();
    return fd_ >= 0;
  }
  /// False where the file ends before.
  [[nodiscard]] bool read(std::uint64_t offset, std::uint8_t* to, std::size_t length) const {
    std::size_t have = 0;
    while (have < length) {
      const auto got = ::pread(fd_, to + have, length - have, static_cast<off_t>(offset + have));
      if (got <= 0) return false;
      have += static_cast<std::size_t>(got);
    }
    return true;
  }

 private:
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  std::string path_;
  int fd_ = -1;
};

std::optional<Bytes> read_piece(OpenOlder& older, const std::string& path,
                                const ReusePiece& piece) {
  if (piece.padded < piece.size || !older.open(path)) return std::nullopt;
  Bytes bytes(piece.padded);
  if (!older.read(piece.offset, bytes.data(), piece.size)) return std::nullopt;
  if (sha1(bytes) != piece.sum) return std::nullopt;
  bytes.resize(piece.size);
  return bytes;
}

}  // namespace

struct ReuseReader::State {
  State(std::vector<std::string> all, std::vector<ReusePiece> pieces, std::function<void()> waker)
      : files(std::move(all)), plan(std::move(pieces)), wake(std::move(waker)) {}

  void run() {
    OpenOlder older;
    for (const ReusePiece& piece : plan) {
      auto bytes = read_piece(older, files[piece.older], piece);
      std::unique_lock lock(mutex);
      if (bytes) room.wait(lock, [&] { return ending || has_room_for(bytes->size()); });
      if (ending) return;
      const bool nothing_new = found.empty() && missed.empty();
      if (bytes) {
        waiting += bytes->size();
        found.emplace_back(piece.piece, std::move(*bytes));
      } else {
        missed.push_back(piece.piece);
      }
      lock.unlock();
      if (nothing_new) wake();
    }
    {
      const std::lock_guard lock(mutex);
      over = true;
    }
    wake();
  }

  [[nodiscard]] bool has_room_for(std::size_t bytes) const {
    return waiting == 0 || waiting + bytes <= kReadAheadBytes;
  }

  const std::vector<std::string> files;
  const std::vector<ReusePiece> plan;
  const std::function<void()> wake;

  std::mutex mutex;  // Guards what follows.
  std::condition_variable room;
  bool ending = false;
  bool over = false;
  std::size_t waiting = 0;  // bytes in `found`
  std::deque<std::pair<std::uint32_t, Bytes>> found;
  std::vector<std::uint32_t> missed;

  std::thread thread;  // Last: it uses all of the above.
};

ReuseReader::ReuseReader(std::vector<std::string> files, std::vector<ReusePiece> plan,
                         std::function<void()> wake)
    : state_(std::make_unique<State>(std::move(files), std::move(plan), std::move(wake))) {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

ReuseReader::~ReuseReader() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->room.notify_all();
  state_->thread.join();
}

ReuseReader::Happened ReuseReader::take(std::size_t most) {
  Happened out;
  {
    const std::lock_guard lock(state_->mutex);
    std::size_t taken = 0;
    while (!state_->found.empty() && taken < most) {
      auto& [piece, bytes] = state_->found.front();
      if (taken > 0 && taken + bytes.size() > most) break;
      taken += bytes.size();
      out.found.emplace_back(piece, std::move(bytes));
      state_->found.pop_front();
    }
    state_->waiting -= taken;
    out.missed = std::exchange(state_->missed, {});
    out.over = state_->over && state_->found.empty();
  }
  state_->room.notify_all();
  return out;
}

}  // namespace phase::boot
