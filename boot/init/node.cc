#include "boot/init/node.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "boot/init/identities.h"
#include "boot/init/line_reader.h"
#include "boot/init/node_plan.h"
#include "boot/init/onfail.h"
#include "boot/machine/child_rights.h"

namespace phase::boot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kNetworkTime{60};
/// A plasmd that ran so long had worked: the next pause is the first one again.
constexpr seconds kWorked{60};

std::string kernel_release() {
  utsname name{};
  return ::uname(&name) == 0 ? name.release : "";
}

bool was_handed_over() {
  return ::access((std::string(kHandoverFolder) + "/" + kBootName).c_str(), F_OK) == 0;
}

Result<NodePlan> plan_of(const Context& context) {
  auto handed = read_node_plan(kHandoverFolder, kernel_release(), kVerifierUid);
  // What is there and cannot be read may say that this system is to stay silent.
  if (handed) handed->handed_over = true;
  if (was_handed_over() || !context.options.key) return handed;
  NodePlan plan;
  plan.follow =
      context.options.key->hex() + "/" + context.options.channel + "/" + context.arch;
  plan.bootstrap = context.options.bootstrap;
  plan.mode = context.options.mode;
  return plan;
}

Result<void> make_store() {
  for (const char* folder : {"/var", "/var/lib", kNodeStore}) {
    if (::mkdir(folder, 0755) != 0 && errno != EEXIST) {
      return {ErrorCode::kStore, std::string(folder) + ": " + std::strerror(errno)};
    }
  }
  if (::chown(kNodeStore, kNodeUid, kNodeUid) != 0) {
    return {ErrorCode::kStore, std::string(kNodeStore) + ": " + std::strerror(errno)};
  }
  return {};
}

void show(int pipe, LineReader& lines, Console& console) {
  std::array<std::uint8_t, 8192> block;
  const ssize_t got = ::read(pipe, block.data(), block.size());
  if (got <= 0) return;
  for (const std::string& line :
       lines.feed(ByteView(block).first(static_cast<std::size_t>(got)))) {
    console.line("plasmd: " + line);
  }
}

// Until it ends; its exit status.
int follow_child(Child& child, int pipe, Context& context, Reaper& reaper) {
  LineReader lines(0);
  for (;;) {
    std::array<pollfd, 3> waiting{{{child.pidfd.get(), POLLIN, 0},
                                   {pipe, POLLIN, 0},
                                   {reaper.fd(), POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
    if (waiting[1].revents & POLLIN) show(pipe, lines, context.console);
    if (waiting[2].revents != 0) reaper.drain();
    reaper.reap(&child);
    if (waiting[0].revents == 0) continue;
    if (const auto status = try_wait(child)) {
      show(pipe, lines, context.console);
      if (const std::string rest = lines.rest(); !rest.empty()) {
        context.console.line("plasmd: " + rest);
      }
      return *status;
    }
  }
}

Result<int> run_plasmd(const NodePlan& plan, Context& context, Reaper& reaper) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return {ErrorCode::kInternal, std::string("pipe: ") + std::strerror(errno)};
  }
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);
  Confinement confinement = node_rights(kNodeUid, kNodeProgram, kNodeStore, kHandoverFolder);
  confinement.descriptors = {{writing.get(), 1}, {writing.get(), 2}};
  auto child = spawn(kNodeProgram, node_arguments(plan),
                     {"SSL_CERT_FILE=/dev/null", std::string("HOME=") + kNodeStore}, confinement);
  if (!child) return child.error();
  writing.reset();
  return follow_child(*child, reading.get(), context, reaper);
}

[[noreturn]] Error stay_silent(Context& context, Reaper& reaper) {
  context.console.line(std::string("booted in mode ") + mode_name(context.options.mode) +
                       ": this system serves nothing and asks nobody; its network stays down");
  for (;;) reaper.pause(context.clock.now() + std::chrono::hours(24), context.clock);
}

}  // namespace

bool can_be_node(const Context& context) {
  return context.options.key.has_value() || was_handed_over();
}

Error run_node(Context& context, Reaper& reaper, Random& random) {
  auto plan = plan_of(context);
  if (!plan) return plan.error();
  // The report first: that this system runs does not depend on its network.
  if (!plan->report_line.empty()) context.console.bare_line(plan->report_line);
  // The boot that led here decides: this system keeps what that one promised.
  context.options.mode = plan->mode;
  if (!policy_of(plan->mode).serve_next) return stay_silent(context, reaper);
  if (auto network = start_network(context, context.clock.now() + kNetworkTime); !network) {
    return network.error();
  }
  if (auto store = make_store(); !store) return store.error();
  Backoff backoff(random);
  for (;;) {
    const MonoTime begin = context.clock.now();
    const auto status = run_plasmd(*plan, context, reaper);
    if (!status && status.error().code == ErrorCode::kNotFound) return status.error();
    if (context.clock.now() - begin > kWorked) backoff.reset();
    const milliseconds pause = backoff.next();
    context.console.line(
        "plasmd ended (" + (status ? "status " + std::to_string(*status) : status.error().detail) +
            "); it is started again in " + std::to_string(pause.count() / 1000) + " s",
        Level::kError);
    reaper.pause(context.clock.now() + pause, context.clock);
  }
}

}  // namespace phase::boot
