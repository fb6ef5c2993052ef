// tests/vm/scene.h
// What every test with a machine begins with: a world, a published release, and commands whose
// failure ends the test with what was said.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sim/boot_watch.h"
#include "sim/must.h"
#include "sim/world.h"

namespace phase::sim {

/// Key, kernel and initramfs, made at the first call: in the folder that PHASE_KIT names, where
/// they are taken from if they are there already, else for this process alone.
const ReleaseKit& kit();
/// A shell that shows nothing unless PHASE_VERBOSE is set.
Shell& shell();

class Scene : public testing::Test {
 protected:
  /// A running DHT, nothing published yet.
  void SetUp() override;

  /// Publishes, serves, and returns the version; the release's folder is named by release_name().
  std::uint64_t publish(const PublishChoice& choice = {});
  [[nodiscard]] const std::string& release_name() const { return release_name_; }
  /// Starts a provider that alters what it sends of `file`; returns once it is announced.
  Process& start_altering_provider(const std::string& file);
  /// How many altered bytes it has sent, once it is stopped.
  static std::uint64_t altered_bytes_sent(Process& provider);
  /// Switches a machine on that powers off instead of trying again.
  std::unique_ptr<Machine> power_on_once(PowerOnChoice choice = {});
  /// Such a machine, which must refuse and must not start another kernel.
  MachineReport refusal(const PowerOnChoice& choice = {});
  static void expect_refused(Machine& machine, const MachineReport& report);

  [[nodiscard]] World& world() { return *world_; }
  [[nodiscard]] std::string scratch() const { return scratch_; }

 private:
  std::string scratch_;
  std::string release_name_;
  std::unique_ptr<World> world_;
};

}  // namespace phase::sim
