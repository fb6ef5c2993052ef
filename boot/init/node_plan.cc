#include "boot/init/node_plan.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "boot/init/identities.h"
#include "boot/origin.h"
#include "boot/init/report.h"
#include "boot/init/small_file.h"
#include "boot/init/status_line.h"
#include "boot/machine/child_rights.h"

namespace phase::boot {
namespace {

constexpr int kAnswer = 3;
constexpr std::size_t kMaxAnswer = 32 * 1024;
constexpr std::chrono::seconds kPatience{10};

// One field a line; each is printable by construction.
std::string encode(const Result<NodePlan>& plan) {
  if (!plan) {
    return "refused\n" + std::to_string(exit_code(plan.error().code)) + "\n" +
           plan.error().detail + "\n";
  }
  std::string out = std::string("plan\n") + mode_name(plan->mode) + "\n" + plan->report_line +
                    "\n" + plan->follow + "\n";
  for (const std::string& node : plan->bootstrap) out += node + "\n";
  return out;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

Result<NodePlan> decode(std::string_view text) {
  const auto lines = lines_of(text);
  const auto mode = lines.size() >= 4 && lines[0] == "plan" ? mode_of(lines[1]) : std::nullopt;
  if (mode) {
    return NodePlan{.mode = *mode,
                    .report_line = lines[2],
                    .follow = lines[3],
                    .bootstrap = {lines.begin() + 4, lines.end()}};
  }
  if (lines.size() == 3 && lines[0] == "refused") {
    return {error_code_of(std::strtoul(lines[1].c_str(), nullptr, 10)), lines[2]};
  }
  return {ErrorCode::kInternal, "what was handed over could not be read"};
}

}  // namespace

namespace {

/// The root that was current, where there was one, else the key that signed.
std::string followed(const std::string& folder, const Origin& origin) {
  const std::string trust = folder + "/" + kTrustName;
  if (::access(trust.c_str(), R_OK) == 0) {
    return trust + ":" + origin.channel + ":" + origin.arch;
  }
  return origin.key.hex() + "/" + origin.channel + "/" + origin.arch;
}

}  // namespace

Result<NodePlan> make_node_plan(const std::string& folder, const std::string& kernel_release) {
  const auto origin_text = read_small_file(folder + "/" + kBootName, kMaxOriginBytes);
  if (!origin_text) return {ErrorCode::kNotFound, "nothing was handed over in " + folder};
  auto origin = parse_origin(*origin_text);
  if (!origin) return origin.error();
  std::string line;
  if (policy_of(origin->mode).tell_next) {
    const auto report_text = read_small_file(folder + "/" + kReportName, kMaxReportBytes);
    if (!report_text) return {ErrorCode::kMalformed, "no report was handed over in " + folder};
    auto report = parse_report(*report_text);
    if (!report) return report.error().in(kReportName);
    report->stage = "up";
    report->kernel = kernel_release;
    line = report_line(std::move(*report));
  }
  return NodePlan{.mode = origin->mode,
                  .report_line = std::move(line),
                  .follow = followed(folder, *origin),
                  .bootstrap = std::move(origin->bootstrap)};
}

Result<NodePlan> read_node_plan(const std::string& folder, const std::string& kernel_release,
                                uid_t uid) {
  if (::access((folder + "/" + kBootName).c_str(), F_OK) != 0) {
    return {ErrorCode::kNotFound, "nothing was handed over in " + folder};
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return {ErrorCode::kInternal, std::string("pipe: ") + std::strerror(errno)};
  }
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  Confinement confinement = reader_rights(uid, folder);
  confinement.descriptors = {{writing.get(), kAnswer}};
  confinement.limits.emplace_back(RLIMIT_CPU, kPatience.count());
  auto child = fork_child(
      [&] {
        const std::string answer = encode(make_node_plan(folder, kernel_release));
        return write_descriptor(kAnswer, as_bytes(answer)) ? 0 : 1;
      },
      confinement);
  if (!child) return child.error();
  writing.reset();
  // RLIMIT_CPU ends a child that never stops; the pipe ends with it.
  const auto answer = read_descriptor(reading.get(), kMaxAnswer);
  kill_and_reap(*child);
  return answer ? decode(as_text(*answer)) : decode({});
}

std::vector<std::string> node_arguments(const NodePlan& plan) {
  std::vector<std::string> out{"serve", "-a",            kNodeStore,
                               "-p",    "8080",          "--mode", mode_name(plan.mode),
                               "--dht-network", "auto",  "--follow", plan.follow};
  if (plan.handed_over) out.insert(out.end(), {"--handed-over", kHandoverFolder});
  for (const std::string& node : plan.bootstrap) out.insert(out.end(), {"--bootstrap", node});
  return out;
}

}  // namespace phase::boot
