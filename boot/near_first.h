// boot/near_first.h
// Decides when peers beyond the link may be asked for a release that nodes on the link may hold
// too: not while those answer and deliver. Pure: `now` comes in. Threads: the owner's.
#pragma once

#include <cstdint>
#include <optional>

#include "boot/patience.h"
#include "proto/ports.h"

namespace phase::boot {

struct NearFirstOptions {
  bool enabled = false;   ///< False: far peers are welcome at once.
  Duration far_wait{};    ///< From the start, for the first near node to answer.
  Duration near_stall{};  ///< A near peer has to deliver within each such time…
  std::uint64_t least = 256 * 1024;  ///< …so many checked bytes, or far ones are asked too.
};

class NearFirst {
 public:
  NearFirst(const NearFirstOptions& options, MonoTime start);

  /// Every near node that answers at once has answered.
  void browsed() { browsed_ = true; }
  /// Another release is fetched from now on: who holds it is not known yet.
  void release();
  /// Somebody near says that it holds this release, or fetches it too: one of several machines behind
  /// a line is enough to fetch it from afar. Nothing but bytes proves it.
  void holder() { has_holder_ = true; }
  /// Everybody near who was connected is gone again: nobody is waited for.
  void lost();
  /// `checked`: bytes of this release that are there and checked. Once true for a release, it stays.
  [[nodiscard]] bool far_allowed(MonoTime now, std::uint64_t checked);
  /// When far_allowed() may become true with nothing else happening; none: it is already.
  [[nodiscard]] std::optional<MonoTime> deadline() const;

 private:
  NearFirstOptions options_;
  MonoTime start_;
  bool browsed_ = false;
  bool allowed_ = false;
  bool has_holder_ = false;
  Patience patience_;
};

}  // namespace phase::boot
