// Goal: the model's files are read strictly, and say where each number came from. Method: the shipped
// ones, and each with one thing wrong.
#include <gtest/gtest.h>

#include <cmath>

#include "sim/model/plot.h"
#include "tests/unit/sim/model/model_files.h"

namespace phase::sim::model {
namespace {

std::string with(std::string text, const std::string& what, const std::string& instead) {
  const auto at = text.find(what);
  check(at != std::string::npos, "what is to be replaced is there");
  return text.replace(at, what.size(), instead);
}

TEST(ParameterFile, IsTheSameWhenWrittenAgain) {
  const auto file = parse_parameters(model_file("parameters.json"));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->origins.size(), parameter_rules().size());
  const auto again = parse_parameters(parameters_text(*file));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->values, file->values);
  EXPECT_EQ(again->origins, file->origins);
}

TEST(ParameterFile, IsRefusedWithOneThingWrong) {
  const std::string good = model_file("parameters.json");
  for (const auto& [what, instead] : {std::pair{"phase-model-parameters/1", "phase-model-parameters/2"},
                                      std::pair{"\"step_s\"", "\"step_z\""},
                                      std::pair{"\"unit\": \"share\"", "\"unit\": \"s\""},
                                      std::pair{"\"value\": 0.955", "\"value\": 9.5"},
                                      std::pair{"\"value\": 0.955", "\"value\": \"0.955\""}}) {
    const auto refused = parse_parameters(with(good, what, instead));
    ASSERT_FALSE(refused.ok()) << instead;
    EXPECT_EQ(refused.error().code, ErrorCode::kMalformed) << instead;
  }
  EXPECT_FALSE(parse_parameters(std::string(kMaxModelFile + 1, ' ')).ok());
}

TEST(MeasuredRun, IsTheSameWhenWrittenAgain) {
  MeasuredRun run = measured_run("crowd-8");
  run.completions = {1, 2, 3, 4, 5, 6, 7, 16.25};
  const auto again = parse_measured(measured_text(run));
  ASSERT_TRUE(again.ok()) << again.error().detail;
  EXPECT_EQ(*again, run);
}

TEST(MeasuredRun, IsRefusedWhereItsCompletionsDoNotRiseToTheLast) {
  MeasuredRun run = measured_run("crowd-8");
  run.completions = {1, 2, 4, 3, 5, 6, 7, 8};
  EXPECT_FALSE(parse_measured(measured_text(run)).ok());
  run.completions = {1, 2, 3, 4, 5, 6, 7, 17};
  EXPECT_FALSE(parse_measured(measured_text(run)).ok());
  run.completions = {1, 2};
  EXPECT_FALSE(parse_measured(measured_text(run)).ok());
}

TEST(Plot, EscapesItsTextAndLeavesOutWhatNoAxisHas) {
  Drawing drawing{"a<b", "x", "y", true, true, {{"c&d", {{0, 1}, {1, 1}, {10, NAN}, {100, 50}}}}};
  const std::string drawn = svg(drawing);
  EXPECT_NE(drawn.find("a&lt;b"), std::string::npos);
  EXPECT_NE(drawn.find("c&amp;d"), std::string::npos);
  EXPECT_EQ(drawn.find("nan"), std::string::npos);
  EXPECT_EQ(drawn.find("inf"), std::string::npos);
  EXPECT_EQ(drawn, svg(drawing));
}

}  // namespace
}  // namespace phase::sim::model
