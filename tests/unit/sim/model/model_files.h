// The files of sim/model, as the tests read them.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "sim/model/measured.h"
#include "sim/model/parameters.h"

namespace phase::sim::model {

inline std::string model_file(const std::string& name) {
  std::ifstream in(std::string(PHASE_SOURCE_DIR) + "/sim/model/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline Parameters shipped_parameters() {
  const auto file = parse_parameters(model_file("parameters.json"));
  check(file.ok(), "sim/model/parameters.json can be read");
  return file->values;
}
inline MeasuredRun measured_run(const std::string& name) {
  const auto run = parse_measured(model_file("measured/" + name + ".json"));
  check(run.ok(), "a measured run can be read");
  return *run;
}

}  // namespace phase::sim::model
