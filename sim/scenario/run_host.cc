#include "sim/scenario/run_host.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "sim/command.h"
#include "sim/scenario/run_programs.h"
#include "sim/shell.h"

namespace phase::sim {
namespace {

namespace fs = std::filesystem;

/// As a machine's first pause between two attempts.
constexpr std::chrono::seconds kAgain{1};
/// qemu_slot.h has as many.
constexpr int kMachinesAtOnce = 2;

}  // namespace

HostRun::HostRun(RunContext& context, std::size_t index) : context_(context), index_(index) {}

bool HostRun::done() const {
  if (!is_machine()) return ready_;
  return booted_ && (!site().choice->serves || version_ != 0);
}

RecordedBoot* HostRun::boot() { return boot_ ? &context_.record.boots[*boot_] : nullptr; }

void HostRun::mark(const std::string& name, MonoTime at) {
  const auto when = context_.since_start(at);
  context_.record.stages[site().record.name].push_back({when, when, name});
}

void HostRun::begin_stage(const std::string& name, MonoTime at) {
  end_stage(at);
  stage_ = RecordedStage{context_.since_start(at), 0, name};
}

void HostRun::end_stage(MonoTime at) {
  if (!stage_) return;
  stage_->end = context_.since_start(at);
  context_.record.stages[site().record.name].push_back(*stage_);
  stage_.reset();
}

Result<void> HostRun::launch(std::vector<std::string> argv) {
  program_ = ++context_.programs;
  const std::string& name = site().record.name;
  ProcessOptions options;
  options.netns = site().cable;
  options.log_file = context_.logs + "/" + name + ".log";
  options.environment = {"SSL_CERT_FILE=/dev/null"};  // Nobody here speaks TLS.
  std::ofstream(options.log_file, std::ios::app) << "$ " << command_line(argv) << std::endl;
  argv.front() = own_folder() + "/" + argv.front();
  options.argv = std::move(argv);
  options.on_line = [&events = context_.events, host = index_, program = program_](std::string_view line) {
    events.push({RunEvent::Kind::kLine, host, program, std::string(line), {},
                 std::chrono::steady_clock::now()});
  };
  options.on_end = [&events = context_.events, host = index_, program = program_](const ExitStatus& status) {
    events.push({RunEvent::Kind::kEnd, host, program, {}, status, std::chrono::steady_clock::now()});
  };
  auto started = Process::start(std::move(options));
  if (!started) return started.error();
  process_ = std::move(*started);
  return {};
}

Result<void> HostRun::start(MonoTime now) {
  if (on_ && !stopping_) return {};
  process_.reset();
  if (auto plugged = context_.site.set_plugged(site().record.name, true); !plugged) return plugged;
  on_ = true;
  stopping_ = ready_ = fetching_ = booted_ = false;
  version_ = 0;
  trouble_.clear();
  if (is_machine()) {
    // Its memory is empty.
    std::error_code error;
    fs::remove_all(store_of(context_, site()), error);
    boot_ = context_.record.boots.size();
    RecordedBoot begun;
    begun.host = site().record.name;
    begun.switched_on = context_.since_start(now);
    context_.record.boots.push_back(std::move(begun));
  }
  if (is_qemu()) return power_on(now);
  return start_program(now);
}

Result<void> HostRun::start_program(MonoTime now) {
  std::error_code error;
  const std::string store = store_of(context_, site());
  fs::create_directories(store, error);
  begin_stage("starting", now);
  version_at_start_ = 0;
  held_at_start_ = false;
  switch (site().record.role) {
    case HostRole::kMachine:
      return begin_fetch(now);
    case HostRole::kDhtNode:
      return launch(dht_node_command(context_, site()));
    case HostRole::kMirror: {
      fs::remove_all(store, error);
      auto copied = run_commands({{"cp", "-a", context_.publisher_store, store}});
      return copied ? launch(mirror_command(context_, site())) : copied;
    }
    case HostRole::kHostile: {
      for (const auto& [kind, count] : delivered_) delivered_before_[kind] += count;
      delivered_.clear();
      auto argv = hostile_command(context_, site());
      if (!argv) return argv.error().in(site().record.name);
      return launch(std::move(*argv));
    }
    case HostRole::kPublisher:
    case HostRole::kProvider:
      break;
  }
  return launch(node_command(context_, site()));
}

Result<void> HostRun::begin_fetch(MonoTime now) {
  fs::create_directories(store_of(context_, site()) + "/incoming");
  fetches_ = true;
  reader_.emplace();
  begin_stage("discover", now);
  return launch(fetch_command(context_, site()));
}

Result<void> HostRun::power_on(MonoTime now) {
  if (context_.machines_on >= kMachinesAtOnce) {
    again_at_ = now + kAgain;
    return {};
  }
  again_at_ = MonoTime::max();
  program_ = ++context_.programs;
  MachineOptions options;
  options.kernel = context_.release.kit().kernel.vmlinuz;
  options.initramfs = is_machine() ? context_.release.kit().client_initramfs
                                   : context_.release.kit().node_initramfs;
  options.command_line = kernel_command_line(context_);
  options.memory_mib = site().choice->memory_mib;
  options.tap = site().cable;
  options.mac = site().mac;
  options.console_log = context_.logs + "/" + site().record.name + ".log";
  options.on_line = [&events = context_.events, host = index_, program = program_](std::string_view line) {
    events.push({RunEvent::Kind::kLine, host, program, std::string(line), {},
                 std::chrono::steady_clock::now()});
  };
  auto on = Machine::power_on(std::move(options));
  if (!on) return on.error();
  machine_ = std::move(*on);
  ++context_.machines_on;
  // Others' machines may have been waited for.
  const MonoTime at = std::chrono::steady_clock::now();
  if (RecordedBoot* mine = boot(); mine != nullptr) mine->switched_on = context_.since_start(at);
  begin_stage("kernel", at);
  return {};
}

void HostRun::stop(MonoTime now) {
  if (!on_) return;
  if (machine_) {
    (void)kill(now);
    return;
  }
  again_at_ = MonoTime::max();
  stopping_ = true;
  if (process_ && process_->running()) {
    process_->signal(SIGTERM);
  } else {
    on_ = false;
  }
  ready_ = false;
  end_stage(now);
  mark("stopped", now);
}

Result<void> HostRun::kill(MonoTime now) {
  if (!on_) return {};
  again_at_ = MonoTime::max();
  program_ = 0;
  on_ = stopping_ = ready_ = false;
  // First the cable, so that nobody hears a connection end.
  auto unplugged = context_.site.set_plugged(site().record.name, false);
  process_.reset();
  if (machine_) {
    if (auto cut = machine_->cut_power(); !cut) return cut;
    machine_.reset();
    --context_.machines_on;
  }
  end_stage(now);
  mark("killed", now);
  return unplugged;
}

Result<void> HostRun::corrupt() const {
  std::error_code error;
  int flipped = 0;
  for (const auto& entry : fs::recursive_directory_iterator(store_of(context_, site()) + "/releases", error)) {
    const std::string name = entry.path().filename().string();
    if (name != "kernel" && name != "initramfs") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    const auto middle = static_cast<std::streamoff>(fs::file_size(entry.path(), error) / 2);
    file.seekg(middle);
    const int byte = file.get();
    file.seekp(middle);
    file.put(static_cast<char>(byte ^ 1));
    file.close();
    if (!file) return {ErrorCode::kStore, entry.path().string() + ": cannot be altered"};
    ++flipped;
  }
  if (flipped != 0) return {};
  return {ErrorCode::kNotFound, site().record.name + " holds nothing that could be altered"};
}

void HostRun::handle(const RunEvent& event) {
  if (event.program != program_) return;
  if (event.kind == RunEvent::Kind::kLine) {
    if (machine_) return take_console_line(event);
    if (fetches_) return take_fetch_line(event);
    if (site().record.role == HostRole::kHostile) take_attack(event.line);
    return take_node_line(event);
  }
  if (stopping_) {
    on_ = stopping_ = false;
    return;
  }
  if (fetches_) return end_fetch(event.at);
  ready_ = false;
  trouble_ = site().record.name + " ended by itself: " + event.status.text() + "\n" +
             (process_ ? process_->last_lines(5) : "");
  end_stage(event.at);
  mark("ended", event.at);
}

void HostRun::take_fetch_line(const RunEvent& event) {
  reader_->take(event.line);
  if (fetching_ || !says_fetching(event.line)) return;
  fetching_ = true;
  begin_stage("artifacts", event.at);
}

void HostRun::end_fetch(MonoTime at) {
  const auto report = reader_->report();
  RecordedBoot& mine = *boot();
  if (report) {
    for (const auto& refusal : report->refusals) mine.refusals.push_back(refusal);
    add_sources(report->sources, context_.site, mine);
  }
  if (!report || !report->ok) {
    mine.error = report ? report->error : "plasmd fetch ended without a report: " + reader_->last_words();
    end_stage(at);
    again_at_ = at + kAgain;
    return;
  }
  // Its own account replaces what was guessed from its lines.
  stage_.reset();
  auto& stages = context_.record.stages[site().record.name];
  std::erase_if(stages, [&](const RecordedStage& one) {
    return one.begin >= mine.switched_on && (one.name == "discover" || one.name == "starting");
  });
  add_stages(report->stages, mine.switched_on, stages);
  fetches_ = false;
  fetching_ = true;
  boot_done(report->version, context_.release.intact(report->version, report->folder), at);
  if (!site().choice->serves) return;
  program_ = 0;
  process_.reset();
  if (auto started = launch(node_command(context_, site())); !started) trouble_ = started.error().detail;
}

void HostRun::boot_done(std::uint64_t version, bool intact, MonoTime at) {
  RecordedBoot& mine = *boot();
  mine.booted = context_.since_start(at);
  mine.version = version;
  mine.intact = intact;
  mine.error.clear();
  booted_ = ready_ = true;
  mark("booted", at);
  context_.record.versions.push_back({mine.booted, site().record.name, version});
  RecordedBytes bytes;
  if (!context_.record.bytes.empty()) bytes = context_.record.bytes.back();
  bytes.at = mine.booted;
  for (const auto& source : mine.sources) bytes.sent_by[source.host] += source.bytes;
  context_.record.bytes.push_back(std::move(bytes));
}

void HostRun::hold(std::uint64_t version, MonoTime at) {
  version_ = version;
  context_.record.versions.push_back({context_.since_start(at), site().record.name, version});
}

void HostRun::take_node_line(const RunEvent& event) {
  const std::string& line = event.line;
  const bool is_node = site().record.role == HostRole::kProvider || is_machine() ||
                       site().record.role == HostRole::kPublisher;
  if (const auto version = version_in(line); version != 0) {
    if (RecordedBoot* mine = boot(); mine != nullptr && mine->serving < 0) {
      mine->serving = context_.since_start(event.at);
    }
    if (!stage_ || stage_->name != "serving") begin_stage("serving", event.at);
    // A node that begins names all that its store holds, older ones too; "listening admin=" follows.
    if (!held_at_start_) {
      version_at_start_ = std::max(version_at_start_, version);
      version_ = version_at_start_;
    } else {
      hold(version, event.at);
    }
    if (site().record.role == HostRole::kMirror) ready_ = true;
    return;
  }
  if (line.starts_with("listening admin=") && is_node) {
    held_at_start_ = true;
    if (version_at_start_ != 0) hold(version_at_start_, event.at);
  }
  const bool by_line = (site().record.role == HostRole::kPublisher && line.starts_with("pointer stored") &&
                        line.find(" nodes=0") == std::string::npos) ||
                       (site().record.role == HostRole::kProvider && line.starts_with("announced name="));
  const bool by_word = !is_node && line.starts_with("ready");
  if ((by_line || by_word) && !ready_) {
    ready_ = true;
    if (by_word) begin_stage(site().record.role == HostRole::kHostile ? "attacking" : "up", event.at);
  }
}

void HostRun::take_attack(const std::string& line) {
  // delivered <total> <kind>
  constexpr std::string_view kWord = "delivered ";
  if (!line.starts_with(kWord)) return;
  char* end = nullptr;
  const auto total = std::strtoull(line.c_str() + kWord.size(), &end, 10);
  delivered_[std::string(end)] = total;
  std::uint64_t sum = 0;
  for (const auto& [kind, count] : delivered_) sum += count;
  for (const auto& [kind, count] : delivered_before_) sum += count;
  context_.record.attacks[site().record.name] = sum;
}

void HostRun::take_console_line(const RunEvent& event) {
  if (!fetching_ && says_fetching(event.line)) {
    fetching_ = true;
    begin_stage("artifacts", event.at);
  }
  if (const auto report = parse_machine_report(event.line)) take_report(*report, event.at);
  if (!machine_) return;
  const auto version = version_in(event.line);
  if (version != 0) {
    if (RecordedBoot* mine = boot(); mine != nullptr && mine->serving < 0) {
      mine->serving = context_.since_start(event.at);
    }
    if (version > version_ || held_at_start_) hold(version, event.at);
    begin_stage("serving", event.at);
  }
  if (event.line.find("plasmd: listening admin=") != std::string::npos) held_at_start_ = true;
  if (!is_machine() && event.line.find("plasmd: announced name=") != std::string::npos) ready_ = true;
}

void HostRun::take_report(const MachineReport& report, MonoTime at) {
  RecordedBoot* mine = boot();
  if (mine == nullptr) return;
  for (const auto& refusal : report.refusals) {
    if (report.stage != "up") mine->refusals.push_back(refusal);
  }
  if (report.stage == "failed") mine->error = report.error + ": " + report.detail;
  if (report.stage == "boot") {
    stage_.reset();
    auto& stages = context_.record.stages[site().record.name];
    std::erase_if(stages, [&](const RecordedStage& one) { return one.begin >= mine->switched_on; });
    add_stages(report.stages, mine->switched_on, stages);
    add_sources(report.sources, context_.site, *mine);
    begin_stage("kernel", at);
  }
  if (report.stage == "up") {
    end_stage(at);
    const bool ours = report.ok && context_.release.is_published(report.version) &&
                      report.key == context_.release.kit().public_key;
    boot_done(report.version, ours, at);
    if (!site().choice->serves) (void)kill(at);
  }
}

Result<void> HostRun::tick(MonoTime now) {
  if (now < again_at_) return {};
  again_at_ = MonoTime::max();
  if (!on_) return {};
  if (is_qemu()) return machine_ ? Result<void>() : power_on(now);
  process_.reset();
  return begin_fetch(now);
}

void HostRun::finish(MonoTime now) {
  end_stage(now);
}

}  // namespace phase::sim
