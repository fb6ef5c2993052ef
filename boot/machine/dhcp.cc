#include "boot/machine/dhcp.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "boot/machine/child_rights.h"

namespace phase::boot {
namespace {

// Short pauses: the first packet is lost where a switch has just seen the carrier come.
constexpr const char* kTries = "8";
constexpr const char* kPauseSeconds = "1";

std::vector<std::string> arguments(const std::string& interface, const DhcpOptions& options) {
  // -o drops the default list of options; hostname (-x) and domain updates (-F) are never sent.
  std::vector<std::string> out = {"udhcpc", "-f",   "-q",       "-n",   "-t",  kTries,
                                  "-T",     kPauseSeconds, "-i", interface, "-s", options.hook,
                                  "-o",     "-O",   "subnet",   "-O",   "router", "-O",
                                  "dns",    "-O",   "mtu"};
  if (options.anonymous) out.insert(out.end(), {"-C", "-V", ""});
  return out;
}

}  // namespace

Result<DhcpAttempt> DhcpAttempt::start(const std::string& interface, const DhcpOptions& options) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    return Error{ErrorCode::kInternal, std::string("DHCP: pipe: ") + std::strerror(errno)};
  }
  Fd reading(ends[0]);
  const Fd writing(ends[1]);
  Confinement confinement = dhcp_rights(options);
  confinement.descriptors = {{writing.get(), kLeaseDescriptor}};
  auto child = spawn(options.busybox, arguments(interface, options), {}, confinement);
  if (!child) return child.error().in("DHCP on " + interface);
  return DhcpAttempt(std::move(*child), std::move(reading));
}

DhcpAttempt::~DhcpAttempt() { kill_and_reap(child_); }

std::optional<Result<DhcpLease>> DhcpAttempt::result() {
  const auto status = try_wait(child_);
  if (!status) return std::nullopt;
  DhcpLease lease;
  const auto got = read(record_.get(), &lease, sizeof lease);
  if (got != ssize_t{sizeof lease}) {
    return Error{ErrorCode::kNoDhcp, "no usable answer (udhcpc ended with status " +
                                         std::to_string(*status) + ")"};
  }
  if (const char* defect = lease_defect(lease)) {
    return Error{ErrorCode::kNoDhcp, std::string("the lease is refused: ") + defect};
  }
  return lease;
}

}  // namespace phase::boot
