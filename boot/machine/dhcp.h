// boot/machine/dhcp.h
// One DHCP attempt on one interface: busybox udhcpc in a child that holds CAP_NET_RAW and nothing
// else, with phase-dhcp-hook as its script. No shell ever sees an option's bytes; one fixed-size
// record comes back over a pipe and is checked again here.
#pragma once

#include <optional>
#include <string>

#include "boot/machine/child.h"
#include "boot/machine/dhcp_lease.h"
#include "proto/fd.h"
#include "proto/result.h"

namespace phase::boot {

struct DhcpOptions {
  std::string busybox = "/bin/busybox";
  std::string hook = "/sbin/phase-dhcp-hook";
  uid_t uid = 900;
  gid_t gid = 900;
  /// Private mode: no client identifier, no vendor class. A host name is never sent.
  bool anonymous = false;
  rlim_t max_memory = 64UL << 20;  ///< Bytes of address space of udhcpc and of the hook, each.
};

class DhcpAttempt {
 public:
  /// The interface must be up. Asks eight times within eight seconds, then ends.
  static Result<DhcpAttempt> start(const std::string& interface, const DhcpOptions& options);
  DhcpAttempt(DhcpAttempt&&) noexcept = default;
  DhcpAttempt& operator=(DhcpAttempt&&) = delete;
  ~DhcpAttempt();  ///< Kills and reaps the child.

  /// Readable once the attempt has ended.
  [[nodiscard]] int fd() const { return child_.pidfd.get(); }
  /// None while it runs; then the lease, or kNoDhcp. Call once it ended.
  [[nodiscard]] std::optional<Result<DhcpLease>> result();

 private:
  DhcpAttempt(Child child, Fd record) : child_(std::move(child)), record_(std::move(record)) {}
  Child child_;
  Fd record_;
};

}  // namespace phase::boot
