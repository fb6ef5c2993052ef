// sim/model/fit.h
// What the model says of measured runs, and the parameters with which it says it best. Only two are
// fitted, those that stand for what the model does not look into: have_bytes and step_s.
#pragma once

#include <vector>

#include "sim/model/parameters.h"
#include "sim/model/scenario.h"

namespace phase::sim::model {

struct Prediction {
  double last_s = 0, median_s = 0, provider_bytes = 0;  ///< Means over kSeeds runs.
  double last_error = 0;      ///< Of the measured figure: 0.1 says ten per cent too long.
  double median_error = 0;    ///< 0 where only the last one was measured.
  double provider_error = 0;
};
inline constexpr int kSeeds = 5;
inline constexpr const char* kFitted[] = {"have_bytes", "step_s"};

/// `run` has at most kMostClients clients (crowd.h).
[[nodiscard]] Prediction predict(const Parameters& parameters, const MeasuredRun& run);

/// `parameters` with the two that fit `runs` best, by the squares of all three errors. Deterministic.
[[nodiscard]] Parameters fit(const Parameters& parameters, const std::vector<MeasuredRun>& runs);

}  // namespace phase::sim::model
