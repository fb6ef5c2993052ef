// sim/scenario/run_site.h
// The network of a run: every host of the scenario on its cable, LANs behind their routers, DHCP
// for machines. Names are the scenario's; "lan:<name>" is a LAN's uplink.
//
// Threads: the owner's.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proto/result.h"
#include "sim/network.h"
#include "sim/scenario/run_record.h"
#include "sim/scenario/schedule.h"

namespace phase::sim {

struct SiteHost {
  RecordedHost record;
  const HostChoice* choice = nullptr;  ///< Borrowed of the scenario.
  std::uint64_t own_seed = 0;
  std::string cable;                   ///< Its network namespace, or a machine's tap.
  std::string mac;                     ///< Of a machine.
};

class RunSite {
 public:
  /// `scenario` is borrowed and outlives this. `logs` is a folder.
  static Result<std::unique_ptr<RunSite>> build(const Scenario& scenario, const Schedule& schedule,
                                                const std::string& logs);

  [[nodiscard]] const std::vector<SiteHost>& hosts() const { return hosts_; }
  /// Cable of a host or uplink of a LAN.
  Result<void> set_plugged(const std::string& name, bool plugged);
  Result<void> partition(const std::vector<std::vector<std::string>>& names);
  /// What each link and uplink carried, into `record`.
  Result<void> count(RunRecord& record) const;
  /// Whose address it is, "ADDRESS", "ADDRESS:PORT" or a URL of it; the text itself where nobody's.
  [[nodiscard]] std::string name_of(const std::string& address) const;

 private:
  explicit RunSite(const Scenario& scenario) : scenario_(scenario) {}
  Result<void> add_lans();
  Result<void> add_host(const DrawnHost& drawn);
  Result<void> add_cable(SiteHost& host, const Path& path);
  Result<void> start_dhcp(const std::string& logs);

  const Scenario& scenario_;
  std::unique_ptr<Network> network_;
  std::map<std::string, Lan> lans_;
  std::map<std::string, int> lan_hosts_;  // How many have an address, by LAN.
  int switch_hosts_ = 0, switch_machines_ = 0, machines_ = 0;
  std::vector<SiteHost> hosts_;
  std::map<std::string, std::string> names_;  // By address.
  std::vector<std::unique_ptr<Process>> services_;
};

}  // namespace phase::sim
