// Both ends of the DHCP hook: text of a hostile server into a record, and a hostile record into
// PID 1. What is accepted is a lease by every rule, and stays one when it is checked again.
#include <array>
#include <cstring>
#include <string>

#include "boot/machine/dhcp_lease.h"
#include "tests/fuzz/fuzz.h"

namespace phase::fuzz {
namespace {

using boot::DhcpLease;

void check_accepted(const DhcpLease& lease) {
  check(boot::lease_defect(lease) == nullptr, "an accepted lease has a defect");
  check(lease.prefix >= 1 && lease.prefix <= 32, "prefix");
  check(lease.address[0] != 0 && lease.address[0] != 127 && lease.address[0] < 224, "address");
  check(lease.mtu == 0 || (lease.mtu >= 576 && lease.mtu <= 9216), "MTU");
  check(lease.dns_count <= DhcpLease::kMaxServers, "DNS servers");
}

/// ip, subnet, router, dns, mtu, lease: each ended by a NUL or by the end of the input.
std::array<std::string, 6> variables(ByteView input) {
  std::array<std::string, 6> out;
  std::size_t variable = 0;
  for (const auto byte : input) {
    if (byte == 0 && ++variable == out.size()) break;
    if (byte != 0) out[variable] += static_cast<char>(byte);
  }
  return out;
}

}  // namespace

std::vector<Bytes> seeds() {
  std::string text;
  for (const char* value : {"10.0.2.15", "255.255.255.0", "10.0.2.2", "10.0.2.3 9.9.9.9", "1500",
                            "600"}) {
    text.append(value).push_back('\0');
  }
  DhcpLease lease;
  check(boot::lease_from_environment({.ip = "10.0.2.15", .subnet = "255.255.255.0",
                                      .router = "10.0.2.2", .dns = "10.0.2.3", .mtu = "1400",
                                      .lease = "600"},
                                     lease) == nullptr,
        "a good lease was refused");
  Bytes record(sizeof lease);
  std::memcpy(record.data(), &lease, sizeof lease);
  return {Bytes(text.begin(), text.end()), record};
}

void one(ByteView input) {
  DhcpLease record;
  if (input.size() == sizeof record) {
    std::memcpy(&record, input.data(), sizeof record);
    if (boot::lease_defect(record) == nullptr) check_accepted(record);
  }
  const auto values = variables(input);
  DhcpLease lease;
  const char* defect = boot::lease_from_environment(
      {.ip = values[0].c_str(), .subnet = values[1].c_str(), .router = values[2].c_str(),
       .dns = values[3].c_str(), .mtu = values[4].c_str(), .lease = values[5].c_str()},
      lease);
  if (defect == nullptr) check_accepted(lease);
}

}  // namespace phase::fuzz
