// boot/web_turn.h
// Decides whether this machine asks web servers beyond its link while others on the link fetch the
// same. A seed of ours sees who fetches and gives each piece once (dht/spread.h); a web server gives
// everything to everybody, and twenty machines behind one line would each fetch all of it. So one of
// them asks, the first by name, and the others take it from there, for as long as it comes.
// Pure: `now` comes in. Threads: the owner's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "boot/patience.h"
#include "proto/ports.h"

namespace phase::boot {

struct WebTurnOptions {
  Duration stall{};                  ///< Of each such time of waiting those on the link have to bring…
  std::uint64_t least = 256 * 1024;  ///< …so many bytes, or servers are asked for good.
};

class WebTurn {
 public:
  explicit WebTurn(const WebTurnOptions& options)
      : options_(options), patience_(options.stall, options.least) {}

  /// Our own name on the link; none yet: everybody who has one goes first.
  void set_name(const std::string& name) { name_ = name; }
  /// Another release is fetched from now on.
  void release();
  /// Who else on the link says that he fetches the same, as of now: a hint, nothing but bytes counts.
  void set_others(const std::vector<std::string>& names);
  /// `brought`: bytes of this release that came from those on the link. What servers and strangers
  /// bring speaks for nobody here.
  [[nodiscard]] bool ours(MonoTime now, std::uint64_t brought);

 private:
  WebTurnOptions options_;
  std::string name_;
  bool others_first_ = false;
  bool given_up_ = false;
  Patience patience_;
};

}  // namespace phase::boot
