// sim/hostile/http_lies.h
// Ways in which an HTTP server can lie, each an answer to one request, made of what a true answer
// would hold.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/hostile/tally.h"
#include "sim/hostile/victim.h"

namespace phase::sim {

struct HttpTruth {
  std::string status = "200 OK";
  std::string body;
  std::string range;  ///< Content-Range's value; empty: the whole file.
  std::string path;   ///< As asked for.
};

/// Everything that lie() knows.
[[nodiscard]] const std::vector<std::string>& http_lie_names();

/// Answers with the lie of this name; false where there is none. What was delivered is counted
/// under its name.
bool lie(const std::string& name, const HttpTruth& truth, const Victim& victim, Chance& chance,
         Tally& tally);
bool tell_truth(const HttpTruth& truth, const Victim& victim);

}  // namespace phase::sim
