#include "boot/machine/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proto/fd.h"

namespace phase::boot {
namespace {

constexpr const char* kIpv6 = "net/ipv6/";

void add_on_link(const std::string& interface, std::vector<Sysctl>& out) {
  const std::string v4 = "net/ipv4/conf/" + interface + "/";
  const std::string v6 = "net/ipv6/conf/" + interface + "/";
  // Anybody on the link can send a redirect or a router advertisement.
  out.push_back({v4 + "accept_redirects", "0"});
  out.push_back({v4 + "secure_redirects", "0"});
  out.push_back({v6 + "accept_redirects", "0"});
  out.push_back({v6 + "accept_ra_defrtr", "0"});
  // 0 here: options for routes of a length over 0 are passed over, so that only a default route
  // is left, which the line above refuses.
  out.push_back({v6 + "accept_ra_rtr_pref", "0", true});
  out.push_back({v6 + "accept_ra_rt_info_max_plen", "0", true});
  // A router advertisement sets the hop limit, unless it is below this; 256 is above all of them.
  out.push_back({v6 + "accept_ra_min_hop_limit", "256"});
  // Neighbour discovery and multicast DNS choose their own, as their standards ask.
  out.push_back({v6 + "hop_limit", "1"});
}

void add_anonymous(const std::string& interface, std::vector<Sysctl>& out) {
  // Linux include/uapi/linux/if_link.h, IN6_ADDR_GEN_MODE_RANDOM: RFC 7217 with a secret that is
  // drawn for the interface. 0, the default, makes the interface id of the MAC address. Every
  // address is as random as a temporary one (RFC 8981) then, which would only be one more.
  out.push_back({"net/ipv6/conf/" + interface + "/addr_gen_mode", "3"});
}

void add(const LinkRules& rules, const std::string& interface, std::vector<Sysctl>& out) {
  if (rules.only_on_link) add_on_link(interface, out);
  if (rules.anonymous) add_anonymous(interface, out);
}

/// 0, or errno.
int write_one(const std::string& path, const std::string& value) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.valid()) return errno;
  return write(file.get(), value.data(), value.size()) == ssize_t(value.size()) ? 0 : errno;
}

}  // namespace

std::vector<Sysctl> host_sysctls(const LinkRules& rules) {
  std::vector<Sysctl> out;
  if (rules.only_on_link) out.push_back({"net/ipv4/ip_default_ttl", "1"});
  add(rules, "default", out);
  add(rules, "all", out);
  return out;
}

std::vector<Sysctl> interface_sysctls(const LinkRules& rules, const std::string& interface) {
  std::vector<Sysctl> out;
  add(rules, interface, out);
  return out;
}

Result<void> write_sysctls(const std::vector<Sysctl>& settings, const std::string& root) {
  const bool ipv6 = access((root + "/" + kIpv6 + "conf").c_str(), F_OK) == 0;
  for (const auto& setting : settings) {
    if (!ipv6 && setting.path.starts_with(kIpv6)) continue;
    const int error = write_one(root + "/" + setting.path, setting.value);
    if (error == 0 || (error == ENOENT && setting.optional)) continue;
    return Error{ErrorCode::kNetwork, "the kernel's setting " + setting.path + "=" + setting.value +
                                          ": " + std::strerror(error)};
  }
  return {};
}

}  // namespace phase::boot
