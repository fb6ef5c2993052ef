#include "boot/init/context.h"


namespace phase::boot {
namespace {

void tell(Console& console, const ModulesReport& report) {
  for (const std::string& failure : report.failures) console.line(failure, Level::kWarning);
  if (report.loaded.empty()) return;
  std::string names;
  for (const std::string& name : report.loaded) names += " " + name;
  console.line("modules:" + names);
}

}  // namespace

void load_modules(Context& context) {
  auto modules = Modules::open("", context.storage);
  if (!modules) {
    context.console.line("modules: " + modules.error().detail, Level::kWarning);
    return;
  }
  context.modules.emplace(std::move(*modules));
  ModulesReport report;
  context.modules->load_for_hardware(report);
  // What a loaded bus driver found meanwhile.
  context.modules->handle_uevents(report);
  tell(context.console, report);
}

Result<void> start_network(Context& context, MonoTime deadline) {
  // An attempt that failed may have done so for what its lease said.
  if (context.network) take_down_network(*context.network);
  context.network.reset();
  NetworkOptions options;
  options.ip = context.options.ip;
  options.boot_interface = context.options.boot_interface;
  const ModePolicy& mode = policy_of(context.options.mode);
  options.only_on_link = mode.only_on_link;
  options.anonymous = options.dhcp.anonymous = mode.anonymous;
  options.deadline = deadline;
  options.say = [&](const std::string& text) { context.console.line(text); };
  if (context.modules) {
    options.hardware_fd = context.modules->uevent_fd();
    options.on_hardware = [&] {
      ModulesReport report;
      context.modules->handle_uevents(report);
      tell(context.console, report);
    };
  }
  auto up = bring_up_network(options, context.clock);
  if (!up) return up.error();
  context.console.line("network: " + up->text());
  context.network = std::move(*up);
  return {};
}

}  // namespace phase::boot
