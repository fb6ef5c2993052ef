// sim/model/answer.h
// The model's answers for people, for programs (JSON) and as drawings.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/model/fit.h"
#include "sim/model/plot.h"
#include "sim/model/scenario.h"

namespace phase::sim::model {

struct Swept {
  Scenario scenario;
  Outcome outcome;
};
struct Judged {
  MeasuredRun run;
  Prediction said;
};
/// With the file's name, without extension.
using Drawings = std::vector<std::pair<std::string, Drawing>>;

[[nodiscard]] std::string outcome_text(const Scenario& scenario, const Outcome& outcome);
[[nodiscard]] std::string outcome_json(const Scenario& scenario, const Outcome& outcome);
[[nodiscard]] std::string sweep_text(const std::vector<Swept>& all);
[[nodiscard]] std::string sweep_json(const std::vector<Swept>& all);
[[nodiscard]] std::string judged_text(const std::vector<Judged>& all);
[[nodiscard]] std::string judged_json(const std::vector<Judged>& all);
/// Over time: machines by state, load of a first provider, of a DHT node.
[[nodiscard]] Drawings drawings_of(const Scenario& scenario, const Outcome& outcome);
/// Over the size of the crowd.
[[nodiscard]] Drawings drawings_of(const std::vector<Swept>& all);

}  // namespace phase::sim::model
