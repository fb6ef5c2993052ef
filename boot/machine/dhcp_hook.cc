// phase-dhcp-hook: the script that udhcpc runs. Turns what a DHCP server said, which udhcpc leaves
// in the environment, into one checked record on kLeaseDescriptor; everything else is dropped.
// No shell, no heap, no stdio: the values are hostile.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "boot/machine/dhcp_lease.h"

namespace {

enum Status { kWritten = 0, kNotUsed = 1, kNoPipe = 2 };

}  // namespace

int main(int argc, char** argv) {
  using namespace phase::boot;
  // udhcpc also calls for deconfig, nak and leasefail; PID 1 learns of those by its exit status.
  if (argc != 2 || (std::strcmp(argv[1], "bound") != 0 && std::strcmp(argv[1], "renew") != 0)) {
    return kWritten;
  }
  struct stat status {};
  if (fstat(kLeaseDescriptor, &status) != 0 || !S_ISFIFO(status.st_mode)) return kNoPipe;
  const LeaseEnvironment environment{
      .ip = std::getenv("ip"),
      .subnet = std::getenv("subnet"),
      .router = std::getenv("router"),
      .dns = std::getenv("dns"),
      .mtu = std::getenv("mtu"),
      .lease = std::getenv("lease"),
  };
  DhcpLease lease;
  if (lease_from_environment(environment, lease) != nullptr) return kNotUsed;
  // Smaller than PIPE_BUF: written as a whole or not at all.
  return write(kLeaseDescriptor, &lease, sizeof lease) == ssize_t{sizeof lease} ? kWritten : kNoPipe;
}
