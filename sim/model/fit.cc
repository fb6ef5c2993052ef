#include "sim/model/fit.h"

#include <algorithm>

#include "sim/model/crowd.h"

namespace phase::sim::model {
namespace {

constexpr double kMostHave = 600;  // Bytes.
constexpr double kMostStep = 3;    // Seconds.
constexpr int kParts = 6;          // Of each range, in each round…
constexpr int kRounds = 4;         // …of which the next is a third as wide.
/// The time is what is asked for; bytes vary more from run to run.
constexpr double kBytesWeight = 0.25;

double misfit(const Parameters& parameters, const std::vector<MeasuredRun>& runs) {
  double sum = 0;
  for (const MeasuredRun& run : runs) {
    const Prediction said = predict(parameters, run);
    sum += said.last_error * said.last_error + said.median_error * said.median_error +
           kBytesWeight * said.provider_error * said.provider_error;
  }
  return sum;
}

}  // namespace

Prediction predict(const Parameters& parameters, const MeasuredRun& run) {
  Prediction out;
  for (int rng_seed = 1; rng_seed <= kSeeds; ++rng_seed) {
    const Scenario scenario = scenario_of(run, static_cast<std::uint64_t>(rng_seed));
    const Outcome outcome = run_crowd(parameters, scenario);
    // Where some never have everything, the last of the others would flatter the model.
    out.last_s += (outcome.done == run.clients ? outcome.last_s : scenario.longest_s) / kSeeds;
    out.median_s += outcome.median_s / kSeeds;
    out.provider_bytes += outcome.provider_bytes / kSeeds;
  }
  out.last_error = run.last_s > 0 ? out.last_s / run.last_s - 1 : 0;
  if (!run.completions.empty()) {
    const double median = run.completions[run.completions.size() / 2];
    out.median_error = median > 0 ? out.median_s / median - 1 : 0;
  }
  out.provider_error = run.provider_bytes > 0 ? out.provider_bytes / run.provider_bytes - 1 : 0;
  return out;
}

Parameters fit(const Parameters& parameters, const std::vector<MeasuredRun>& runs) {
  Parameters best = parameters;
  double least = misfit(best, runs);
  double have_width = kMostHave, step_width = kMostStep;
  double have_from = 0, step_from = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i <= kParts; ++i) {
      for (int j = 0; j <= kParts; ++j) {
        Parameters tried = parameters;
        tried.have_bytes = std::min(kMostHave, have_from + have_width * i / kParts);
        tried.step_s = std::min(kMostStep, step_from + step_width * j / kParts);
        const double now = misfit(tried, runs);
        if (now < least) {
          least = now;
          best = tried;
        }
      }
    }
    have_width /= 3;
    step_width /= 3;
    have_from = std::max(0.0, best.have_bytes - have_width / 2);
    step_from = std::max(0.0, best.step_s - step_width / 2);
  }
  return best;
}

}  // namespace phase::sim::model
