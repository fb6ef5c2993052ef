// sim/scenario/run_context.h
// What the parts of one run share: the network, what is published, the queue of what happens, the
// record that is written. Times in the record are milliseconds since `started` while the run lasts.
//
// Threads: the runner's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "proto/ports.h"
#include "sim/scenario/run_events.h"
#include "sim/scenario/run_record.h"
#include "sim/scenario/run_release.h"
#include "sim/scenario/run_site.h"
#include "sim/scenario/scenario.h"

namespace phase::sim {

struct RunContext {
  const Scenario& scenario;
  RunSite& site;
  RunRelease& release;
  RunEvents& events;
  RunRecord& record;
  std::string scratch, logs;              ///< Folders.
  std::vector<std::string> bootstrap;     ///< ADDRESS:PORT of DHT nodes.
  std::vector<std::string> mirrors;       ///< URLs.
  std::string publisher_store;
  std::vector<std::string> older_items;   ///< Files: the pointers of older releases, as they were put.
  MonoTime started;
  std::function<void(const std::string&)> say;  ///< A line for people.
  std::uint64_t programs = 0;             ///< Started so far.
  int machines_on = 0;                    ///< QEMU's.

  [[nodiscard]] std::int64_t since_start(MonoTime at) const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(at - started).count();
  }
};

}  // namespace phase::sim
