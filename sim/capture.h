// sim/capture.h
// Every packet at one interface, from before start() returns until stop(): kept in a pcap file and
// decoded. Adapts libpcap. Nothing is lost in silence: a packet that the kernel had to drop makes
// stop() fail.
//
// A veth or tap carries what its host's kernel has not cut up yet: one packet here can be a TCP
// segment of 64 KiB, with a checksum still to be made.
//
// Threads: one of its own reads; calls come from one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proto/result.h"
#include "sim/packet.h"

namespace phase::sim {

struct CaptureOptions {
  std::string interface;   ///< "eth0", kUplink, a tap's name.
  std::string netns;       ///< Its network namespace; empty: this process's.
  std::string file;        ///< Where the pcap goes: replaced.
  bool only_sent = false;  ///< What the interface's owner sends, not what it receives.
};

class Capture {
 public:
  static Result<std::unique_ptr<Capture>> start(const CaptureOptions& options);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// Everything that passed until the call, in order; the file is complete then. Once only.
  Result<std::vector<Packet>> stop();

 private:
  struct State;
  explicit Capture(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A pcap file of Ethernet frames. kMalformed, kNotFound.
[[nodiscard]] Result<std::vector<Packet>> read_capture(const std::string& file);

}  // namespace phase::sim
