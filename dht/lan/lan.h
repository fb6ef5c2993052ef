// dht/lan/lan.h
// Nodes on the same link, by DNS-SD over multicast DNS (RFC 6762, 6763), through Avahi. Avahi's
// code runs in children without rights: one datagram from anybody on the link can end a process
// that browses (CVE-2025-68468). A child that ends is started again, with a growing pause.
//
// On a host where avahi-daemon runs, `phase-lan-dbus` asks it (one responder per host, RFC 6762
// 15); everywhere else `phase-lan` is one itself, on libavahi-core. Which of the two is decided
// while it runs: a daemon that comes or goes is followed.
//
// Threads: the owner's, but for one inside that reads what the children say; `wake` is called
// from that one. Bounds: kMaxLanNodes nodes are remembered, lines of children are length-limited,
// events wait in a bounded queue.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dht/lan/service.h"
#include "proto/result.h"

namespace phase::dht {

inline constexpr std::size_t kMaxLanNodes = 256;

struct LanOptions {
  std::string programs;           ///< Folder of phase-lan and phase-lan-dbus; empty: this program's.
  bool browse = true;
  bool use_daemon = true;         ///< False where there can be none (initramfs): phase-lan at once.
  std::string instance;           ///< Empty: "Phase Boot <8 random hex digits>".
  /// How long a daemon that went away may come back before phase-lan steps in.
  std::chrono::milliseconds daemon_pause{30'000};
};

struct LanFound { LanNode node; };           ///< New, or what it says has changed.
struct LanGone { std::string instance; };
/// Every node that answers at once has had the time to (350 ms from the first question, on a slow
/// machine more), or nobody can be asked.
struct LanBrowsed {};
struct LanRegistered { std::string instance; std::string by; };  ///< `by`: "avahi-daemon" or "phase-lan".
/// Worth a line in the log: which responder is used, that a child ended and why, a name conflict.
struct LanNote { std::string text; };
using LanEvent = std::variant<LanFound, LanGone, LanBrowsed, LanRegistered, LanNote>;

class Lan {
 public:
  /// kNotFound where phase-lan is not there, kUsage for a name over 63 bytes, kInternal without a
  /// thread. What goes wrong later is a LanNote, and tried again.
  static Result<std::unique_ptr<Lan>> start(LanOptions options, std::function<void()> wake);
  ~Lan();  ///< Withdraws what is registered (goodbye packets) and ends the children, within 2 s.
  Lan(const Lan&) = delete;
  Lan& operator=(const Lan&) = delete;

  /// Registers, or changes what is registered; none: withdraws it.
  void publish(const std::optional<LanService>& service);
  /// What has happened since. Never our own service.
  [[nodiscard]] std::vector<LanEvent> take();
  /// Nodes known now.
  [[nodiscard]] std::vector<LanNode> nodes() const;

 private:
  struct State;
  explicit Lan(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace phase::dht
