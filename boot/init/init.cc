#include "boot/init/init.h"

#include <fcntl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ctime>

#include "boot/init/client.h"
#include "boot/init/identities.h"
#include "boot/init/mounts.h"
#include "boot/init/node.h"
#include "boot/init/onfail.h"
#include "boot/init/reaper.h"
#include "boot/init/report.h"
#include "boot/init/small_file.h"
#include "boot/machine/child_rights.h"
#include "proto/names.h"

namespace phase::boot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kMaxTrustFileBytes = std::size_t{64} * 1024;

double seconds_since_power_on() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::string machine_arch() {
  utsname name{};
  if (::uname(&name) != 0) return {};
  const auto arch = normalise_arch(name.machine);
  return arch ? *arch : name.machine;
}

bool has_role(std::string_view wanted) {
  const auto role = read_small_file(kRoleFile, 256);
  return role && role->find(wanted) != std::string::npos;
}

// One that is there and cannot be read is a damaged one, and not the same as none: it could be
// locked.
std::optional<std::string> read_trust_file() {
  auto text = read_small_file(kTrustFile, kMaxTrustFileBytes);
  if (!text && (::access(kTrustFile, F_OK) == 0 || errno != ENOENT)) return "";
  return text;
}

// Options of the design that this version reads and cannot follow: nobody should wait for them.
void name_unused(const BootOptions& options, Console& console) {
  if (!options.log.empty()) {
    console.line("phase.log has no effect in this version", Level::kWarning);
  }
}

class Init {
 public:
  Init(Context& context, Reaper& reaper)
      : context_(context), reaper_(reaper), backoff_(system_random()) {}

  [[noreturn]] void run() {
    const bool node = has_role("node");
    for (std::uint32_t attempt = 1;; ++attempt) {
      FailedAttempt failed =
          node ? FailedAttempt{.error = be_node(), .stages = {}, .refusals = {}}
               : attempt_boot(context_, deadline());
      reaper_.reap();
      announce(failed, attempt);
      after_failure();
    }
  }

 private:
  Error be_node() {
    if (can_be_node(context_)) return run_node(context_, reaper_, system_random());
    return {ErrorCode::kConfig,
            "this node has nothing to follow: boot it by a client (which hands over what it "
            "booted), or add phase.key=PUBLIC_KEY to the kernel command line"};
  }

  [[nodiscard]] std::optional<MonoTime> deadline() const {
    if (!context_.options.timeout) return std::nullopt;
    return context_.clock.now() + *context_.options.timeout;
  }

  void announce(const FailedAttempt& failed, std::uint32_t attempt) {
    const Error& error = failed.error;
    BootReport report;
    report.stage = "failed";
    report.channel = context_.options.channel;
    report.arch = context_.arch;
    report.mode = mode_name(context_.options.mode);
    if (context_.options.key) report.key = context_.options.key->hex();
    report.error = error_name(error.code);
    report.exit_code = exit_code(error.code);
    report.detail = error.detail;
    report.attempt = attempt;
    report.stages = context_.start;
    report.stages.insert(report.stages.end(), failed.stages.begin(), failed.stages.end());
    report.refusals = failed.refusals;
    context_.console.line("not booted: " + std::string(error_name(error.code)) + " (code " +
                              std::to_string(exit_code(error.code)) + "): " + error.detail,
                          Level::kError);
    context_.console.line(error_advice(error.code), Level::kError);
    context_.console.bare_line(report_line(report));
  }

  void after_failure() {
    const OnFail asked = context_.options.on_fail;
    const OnFail next = permitted(asked, trust_is_locked(context_.trust_file));
    if (next != asked) {
      context_.console.line("phase.onfail=shell is passed over: the trust file is locked",
                            Level::kWarning);
    }
    switch (next) {
      case OnFail::kShell:
        return shell();
      case OnFail::kRetry:
        return retry();
      case OnFail::kReboot:
        context_.console.line("restarting (phase.onfail=reboot)", Level::kError);
        return leave(RB_AUTOBOOT);
      case OnFail::kPoweroff:
        context_.console.line("switching off (phase.onfail=poweroff)", Level::kError);
        return leave(RB_POWER_OFF);
    }
  }

  void retry() {
    const milliseconds pause = backoff_.next();
    context_.console.line("next attempt in " + std::to_string((pause.count() + 999) / 1000) +
                          " s (phase.onfail=retry)");
    context_.console.flush(context_.clock.now() + seconds(2));
    reaper_.pause(context_.clock.now() + pause, context_.clock);
  }

  void shell() {
    context_.console.line("a shell (phase.onfail=shell); its end starts the next attempt");
    context_.console.flush(context_.clock.now() + seconds(2));
    context_.console.close_consoles();
    if (!run_shell()) {
      context_.console.rescan();
      context_.console.line("no shell in this initramfs", Level::kWarning);
      return retry();
    }
    context_.console.rescan();
  }

  bool run_shell() {
    const Fd console(::open("/dev/console", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!console.valid()) return false;
    Confinement confinement = rescue_rights();
    confinement.descriptors = {{console.get(), 0}, {console.get(), 1}, {console.get(), 2}};
    auto child = spawn(kShellProgram, {"sh"}, {"PATH=/bin:/sbin:/usr/bin:/usr/sbin", "HOME=/",
                                               "TERM=linux"},
                       confinement);
    if (!child) return false;
    while (!wait_until(*child, context_.clock.now() + seconds(3600))) {
    }
    return true;
  }

  void leave(int how) {
    context_.console.flush(context_.clock.now() + seconds(2));
    ::sync();
    ::reboot(how);
    // Refused: this machine goes on trying.
    context_.console.line("the kernel refused to end", Level::kError);
    retry();
  }

  Context& context_;
  Reaper& reaper_;
  Backoff backoff_;
};

}  // namespace

void run_init() {
  const double kernel_seconds = seconds_since_power_on();
  const auto mount_failures = mount_early();
  std::signal(SIGPIPE, SIG_IGN);
  ::mkdir(kRunFolder, 0755);

  const auto cmdline = read_small_file("/proc/cmdline", kMaxCmdlineRead);
  auto parsed = parse_options(cmdline.value_or(""));
  const Clock& clock = system_clock();
  Console console({.consoles = parsed.options.consoles, .root = ""}, clock);
  for (const std::string& failure : mount_failures) console.line(failure, Level::kError);
  if (!cmdline) {
    parsed.errors.push_back({ErrorCode::kUsage, "/proc/cmdline cannot be read or is too long"});
  }
  for (const std::string& warning : parsed.warnings) console.line(warning, Level::kWarning);

  Reaper reaper;
  Context context(console, clock);
  context.options = std::move(parsed.options);
  context.option_errors = std::move(parsed.errors);
  context.trust_file = read_trust_file();
  context.arch = machine_arch();
  context.start.emplace_back("kernel", kernel_seconds);
  // A node's mode is that of the boot that led to it, and not known yet.
  const bool node = has_role("node");
  console.line("init of Phase Boot, " + context.arch +
               (node ? ", role node" : std::string(", mode ") + mode_name(context.options.mode)));
  name_unused(context.options, console);
  // A node keeps what it serves in memory; and whoever leaves no trace does not touch a disk.
  // An option that could not be read may have asked for that.
  const bool disks = policy_of(context.options.mode).storage && context.options.cache &&
                     context.option_errors.empty();
  context.storage = disks && !node ? Storage::kAllowed : Storage::kNever;
  context.timed(context.start, "modules", [&] {
    load_modules(context);
    return 0;
  });
  console.rescan();
  Init(context, reaper).run();
}

}  // namespace phase::boot
