// Goal: phase-model does what docs/MODEL.md says, every command of it as it stands there; what is wrong is
// refused with a message. Method: the program itself, run by a shell in a folder of its own in which
// `sim` is the tree's.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/command.h"
#include "tests/unit/sim/model/model_files.h"

namespace phase::sim::model {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string kOf8 = "sim/model/measured/crowd-8.json";

/// The indented lines that begin with the program's name.
std::vector<std::string> commands_of_the_page() {
  std::ifstream page(fs::path(PHASE_SOURCE_DIR) / "docs" / "MODEL.md");
  std::vector<std::string> out;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("    phase-model ")) out.push_back(line.substr(4));
  }
  return out;
}

class ModelProgram : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "phase-model-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    fs::create_directory_symlink(fs::path(PHASE_SOURCE_DIR) / "sim", folder_ / "sim");
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// stdout; an error with what it said on stderr where it ends with another status than 0.
  [[nodiscard]] Result<std::string> type(const std::string& command) const {
    const std::string path = fs::path(PHASE_MODEL).parent_path().string();
    return run_command({"sh", "-c", "cd '" + folder_.string() + "' && PATH='" + path + "':$PATH " + command});
  }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream in(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  /// That it fails, and says why.
  void expect_refused(const std::string& command, const std::string& why) const {
    const auto refused = type(command);
    ASSERT_FALSE(refused.ok()) << command << " printed " << *refused;
    EXPECT_NE(refused.error().detail.find(why), std::string::npos) << command << ": " << refused.error().detail;
  }

  fs::path folder_;
};

TEST_F(ModelProgram, RunsEveryCommandOfItsPage) {
  const auto commands = commands_of_the_page();
  ASSERT_EQ(commands.size(), 7u);
  for (const std::string& command : commands) {
    const auto said = type(command);
    ASSERT_TRUE(said.ok()) << command << ": " << said.error().detail;
    const bool has_file = command.find("--out ") != std::string::npos;
    EXPECT_EQ(said->empty(), has_file) << command;
    if (command.find("--json") == std::string::npos) continue;
    EXPECT_FALSE(json::parse(*said).empty()) << command;
  }
  const std::string log = content("run.log");
  for (const char* step : {" on 0 ", " done 15 ", " left 15 "}) {
    EXPECT_NE(log.find(step), std::string::npos) << step;
  }
  for (const char* plot : {"run-plots/machines", "run-plots/provider-load", "run-plots/provider-connections",
                           "run-plots/dht-load", "sweep-plots/time-to-last", "sweep-plots/providers",
                           "sweep-plots/dht"}) {
    const std::string drawn = content(std::string(plot) + ".svg");
    EXPECT_TRUE(drawn.starts_with("<svg ")) << plot;
    EXPECT_TRUE(drawn.ends_with("</svg>\n")) << plot;
    EXPECT_NE(drawn.find("<polyline"), std::string::npos) << plot;
  }
}

TEST_F(ModelProgram, SaysTheSameFiguresToProgramsAsTheModelItself) {
  const auto said = type("phase-model run --clients 8 --dht-nodes 30 --image 4 --json");
  ASSERT_TRUE(said.ok()) << said.error().detail;
  const json figures = json::parse(*said);
  EXPECT_EQ(figures.at("clients"), 8);
  EXPECT_EQ(figures.at("done"), 8);
  EXPECT_EQ(figures.at("received_bytes").get<double>(), 8.0 * (4 << 20));
  EXPECT_GE(figures.at("last_s").get<double>(), figures.at("median_s").get<double>());
  EXPECT_GT(figures.at("moments").size(), 3u);
  const auto swept = type("phase-model sweep --clients 8,4 --dht-nodes 30 --image 4 --json");
  ASSERT_TRUE(swept.ok()) << swept.error().detail;
  const json sizes = json::parse(*swept);
  ASSERT_EQ(sizes.size(), 2u);
  EXPECT_EQ(sizes[0].at("last_s"), figures.at("last_s"));
  EXPECT_EQ(sizes[1].at("clients"), 4);
}

// A step of three seconds is not what was measured; a bound tells, and the fit has to find back.
TEST_F(ModelProgram, FitsParametersWithWhichItThenPredictsTheRun) {
  auto file = parse_parameters(model_file("parameters.json"));
  ASSERT_TRUE(file.ok());
  file->values.step_s = 3;
  write("wrong.json", parameters_text(*file));
  EXPECT_FALSE(type("phase-model predict --within 0.01 --parameters wrong.json " + kOf8).ok());
  const auto fitted = type("phase-model fit --parameters wrong.json --out fitted.json " + kOf8);
  ASSERT_TRUE(fitted.ok()) << fitted.error().detail;
  const auto read = parse_parameters(content("fitted.json"));
  ASSERT_TRUE(read.ok()) << read.error().detail;
  EXPECT_EQ(read->origins.at("step_s"), "fitted to crowd-8");
  EXPECT_EQ(read->origins.at("holders"), file->origins.at("holders"));
  const auto judged = type("phase-model predict --within 10 --parameters fitted.json --json " + kOf8);
  ASSERT_TRUE(judged.ok()) << judged.error().detail;
  EXPECT_LT(std::abs(json::parse(*judged).at(0).at("last_error").get<double>()), 0.1);
}

TEST_F(ModelProgram, NeitherFitsNorJudgesByRunsOfABusyMachine) {
  MeasuredRun run = measured_run("crowd-8");
  run.cpu_share = 0.71;
  write("busy.json", measured_text(run));
  expect_refused("phase-model fit busy.json", "busier than 70 %");
  EXPECT_TRUE(type("phase-model predict busy.json").ok());
  expect_refused("phase-model predict --within 20 busy.json", "void");
}

TEST_F(ModelProgram, RefusesWhatItCannotReadWriteOrCompute) {
  write("broken.json", "{\"format\": \"phase-model-measured/1\"");
  expect_refused("phase-model predict broken.json", "broken.json");
  expect_refused("phase-model predict nothing.json", "nothing.json");
  expect_refused("phase-model predict sim", "sim: cannot be read");
  expect_refused("phase-model run --clients 20001", "--clients");
  expect_refused("phase-model run --clients 1 --log nowhere/run.log", "nowhere/run.log: cannot be written");
  expect_refused("phase-model fit --out nowhere/fitted.json sim/model/measured/crowd-1.json",
                 "nowhere/fitted.json: cannot be written");
}

}  // namespace
}  // namespace phase::sim::model
