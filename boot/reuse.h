// boot/reuse.h
// Brings pieces of a release from files of older ones, so that only what changed has to come: they
// are read and hashed in a thread of their own, and given to the session, which checks them as it
// checks peers' and offers them to others. Peers and web servers are not asked for them meanwhile;
// what came to nothing is theirs again.
//
// Threads: the owner's; `wake` is called from another. Bounds: reuse_reader.h's, and kMaxGivenBytes
// (at least a piece) that the session has not confirmed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "boot/reuse_plan.h"
#include "boot/reuse_reader.h"
#include "dht/session.h"
#include "proto/ports.h"

namespace phase::boot {

/// The session writes and hashes what it is given where it speaks with peers, too: in parts of this
/// size nobody waits long.
inline constexpr std::size_t kMaxGivenBytes = 4 * 1024 * 1024;

/// A release that lies whole in `folder`; its .torrent says what was there when it was verified.
struct OlderRelease {
  std::string folder;
  Bytes torrent;  ///< May be empty: its files are looked at where the paths are the same.
};

/// What `release` was made of: all that can be said of its files without reading them.
[[nodiscard]] std::vector<OlderFile> older_files(const OlderRelease& release);

class Reuse {
 public:
  /// `session` is borrowed and outlives this.
  Reuse(dht::Session& session, std::function<void()> wake);
  ~Reuse();

  /// Which pieces the session should leave out when it is told to want() the release's files: those
  /// that it has not, and that may lie in `older`.
  [[nodiscard]] std::vector<std::uint32_t> plan(dht::ReleaseId release,
                                                const std::vector<OlderFile>& older);
  /// After want(): what was planned is read.
  void start();
  /// After each wake, and by kReuseTick while busy().
  void tick(MonoTime now);
  /// Nothing is read any more; the count stays.
  void stop();

  /// Something may still come.
  [[nodiscard]] bool busy() const { return reader_ != nullptr || !given_.empty(); }
  /// Pieces that nobody else needs to be asked for; changes() counts how often they were others.
  [[nodiscard]] const std::vector<bool>& expected() const { return expected_; }
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  /// Bytes that the session took, and how many were planned.
  [[nodiscard]] std::uint64_t reused() const { return reused_; }
  [[nodiscard]] std::uint64_t planned() const { return planned_; }

 private:
  struct Given {
    MonoTime since;
    std::uint32_t size = 0;
  };
  void give(MonoTime now);
  void confirm(MonoTime now);
  void missed(const std::vector<std::uint32_t>& pieces);

  dht::Session& session_;
  std::function<void()> wake_;
  std::optional<dht::ReleaseId> release_;
  std::vector<std::string> files_;
  std::vector<ReusePiece> plan_;  // until start()
  std::unique_ptr<ReuseReader> reader_;
  std::vector<bool> expected_;
  std::map<std::uint32_t, Given> given_;  // not confirmed yet
  std::size_t given_bytes_ = 0;
  std::uint64_t changes_ = 0;
  std::uint64_t reused_ = 0;
  std::uint64_t planned_ = 0;
};

inline constexpr std::chrono::milliseconds kReuseTick{10};

}  // namespace phase::boot
