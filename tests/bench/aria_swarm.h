// A swarm of aria2 alone: it cannot read hybrid torrents, so that it has a v1 torrent of one file, and a
// tracker that is a file of a web server.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/world.h"

namespace phase::bench {

class AriaSwarm {
 public:
  /// Seeds <roots[i]>/<file>, which lie there already, from the provider of the same number; the first
  /// one's web server at `tracker`, http://HOST:PORT, serves roots[0]. Returns once all of them seed.
  AriaSwarm(sim::World& world, const std::vector<std::string>& roots, const std::string& file,
            const std::string& tracker);

  /// Fetches it into `folder`.
  [[nodiscard]] std::vector<std::string> fetch(const std::string& folder) const;
  [[nodiscard]] double cpu_seconds() const;  ///< Of the seeds.

 private:
  std::string torrent_;
  std::vector<std::unique_ptr<sim::Process>> seeds_;
};

}  // namespace phase::bench
