// tests/vm/lan_scene.h
// A home: a LAN behind a router, a node on it that holds the release, a tap for the machine. The
// publisher and a follower are beyond the uplink, and the DHT.
#pragma once

#include "scene.h"
#include "sim/capture.h"

namespace phase::sim {

inline constexpr int kLanNode = 2;  ///< Number of its address.

class LanScene : public Scene {
 protected:
  void SetUp() override;

  /// A machine on the LAN; `mode` comes last on its command line, behind what tempts it to leave.
  std::unique_ptr<Machine> power_on_home(const std::string& mode, PowerOnChoice choice = {});
  /// Everything that leaves the home, whoever sends it: both directions with `only_sent` false.
  std::unique_ptr<Capture> capture_at_uplink(bool only_sent);
  /// Every byte came from the node on the LAN.
  void expect_all_from_lan(const MachineReport& report) const;

  [[nodiscard]] std::uint64_t version() const { return version_; }
  [[nodiscard]] const Lan& lan() const { return lan_; }

 private:
  std::uint64_t version_ = 0;
  Lan lan_;
  int captures_ = 0;
};

}  // namespace phase::sim
