// sim/scenario/run_host.h
// The life of one host in a run: started, stopped, killed, started again; what its programs print
// becomes stages, boots and versions of the record.
//
// Threads: the runner's. Programs' lines come back by RunEvents.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "proto/result.h"
#include "sim/machine.h"
#include "sim/process.h"
#include "sim/scenario/run_boot.h"
#include "sim/scenario/run_context.h"

namespace phase::sim {

class HostRun {
 public:
  /// `index` of RunSite::hosts(). `context` is borrowed and outlives this.
  HostRun(RunContext& context, std::size_t index);
  HostRun(const HostRun&) = delete;
  HostRun& operator=(const HostRun&) = delete;

  /// Plugs it in and starts what it is; nothing where it runs.
  Result<void> start(MonoTime now);
  /// SIGTERM; a machine's programs end as if it was shut down.
  void stop(MonoTime now);
  /// SIGKILL or the mains plug, and the cable is out.
  Result<void> kill(MonoTime now);
  /// One byte in the middle of each artifact in its store flips. kNotFound where it has none.
  Result<void> corrupt() const;

  void handle(const RunEvent& event);
  /// What is due: a machine that failed tries again, or waits for its turn.
  Result<void> tick(MonoTime now);
  [[nodiscard]] MonoTime deadline() const { return again_at_; }
  /// The run is over: what still lasts ends in the record now.
  void finish(MonoTime now);

  [[nodiscard]] bool on() const { return on_; }
  /// It does what it is there for: serves, answers, attacks; a machine: booted.
  [[nodiscard]] bool ready() const { return ready_; }
  /// A machine that holds and offers its release; one that only boots: booted.
  [[nodiscard]] bool done() const;
  [[nodiscard]] bool fetching() const { return fetching_; }
  [[nodiscard]] bool booted() const { return booted_; }
  [[nodiscard]] std::uint64_t version() const { return version_; }
  [[nodiscard]] const SiteHost& site() const { return context_.site.hosts()[index_]; }
  /// Its program ended by itself, which only a machine's fetch may.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  Result<void> launch(std::vector<std::string> argv);
  Result<void> power_on(MonoTime now);
  Result<void> start_program(MonoTime now);
  Result<void> begin_fetch(MonoTime now);
  void end_fetch(MonoTime at);
  void take_fetch_line(const RunEvent& event);
  void take_node_line(const RunEvent& event);
  void take_console_line(const RunEvent& event);
  void take_report(const MachineReport& report, MonoTime at);
  void take_attack(const std::string& line);
  void boot_done(std::uint64_t version, bool intact, MonoTime at);
  void hold(std::uint64_t version, MonoTime at);
  void mark(const std::string& name, MonoTime at);
  void begin_stage(const std::string& name, MonoTime at);
  void end_stage(MonoTime at);
  [[nodiscard]] RecordedBoot* boot();
  [[nodiscard]] bool is_machine() const { return site().record.role == HostRole::kMachine; }
  [[nodiscard]] bool is_qemu() const { return site().record.kind == HostKind::kQemu; }

  RunContext& context_;
  std::size_t index_;
  std::uint64_t program_ = 0;  // Whose lines count.
  std::unique_ptr<Process> process_;
  std::unique_ptr<Machine> machine_;
  MonoTime again_at_ = MonoTime::max();
  bool on_ = false, stopping_ = false, ready_ = false, fetches_ = false, fetching_ = false,
       booted_ = false, held_at_start_ = false;
  std::uint64_t version_ = 0, version_at_start_ = 0;
  std::int64_t jumped_ = 0;
  std::optional<FetchReader> reader_;
  std::optional<std::size_t> boot_;     // Of RunRecord::boots.
  std::optional<RecordedStage> stage_;  // Under way.
  std::map<std::string, std::uint64_t> delivered_, delivered_before_;  // By kind of attack.
  std::string trouble_;
};

}  // namespace phase::sim
