// phase-model: what a model says of a crowd of machines, and how far it is from what was measured
// (docs/MODEL.md says for which sizes that is known). `run` and `sweep` ask the model, `fit` takes its
// two free parameters from measured runs, `predict` says how far it is from others.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "sim/guarded_main.h"
#include "sim/model/answer.h"
#include "sim/model/crowd.h"
#include "sim/model/fit.h"
#include "sim/model/plot.h"
#include "sim/must.h"

namespace phase::sim::model {
namespace {

struct Arguments {
  std::string parameters = "sim/model/parameters.json";
  std::string log, svg_folder, out;
  std::vector<std::string> measured;
  std::vector<std::uint32_t> sweep = {8, 16, 32};
  bool json = false;
  Scenario scenario;
  double image_mib = 16, down_mbit = 10, up_mbit = 10, provider_mbit = 0;
  double start_s = -1, linger_s = -1, answer_rate = -1;
  double bound = 0;  ///< Of an error, in per cent; 0: none.
};

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxModelFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.gcount() == 0 && !in.eof())) throw std::runtime_error(path + ": cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw std::runtime_error(path + ": cannot be written");
}

template <class T>
T read_from(const std::string& path, Result<T> (*parse)(const std::string&)) {
  auto parsed = parse(read_file(path));
  if (!parsed) throw std::runtime_error(parsed.error().in(path).detail);
  return std::move(*parsed);
}

Parameters parameters_of(const Arguments& arguments) {
  Parameters out = read_from(arguments.parameters, parse_parameters).values;
  if (arguments.start_s >= 0) out.start_s = arguments.start_s;
  if (arguments.linger_s >= 0) out.linger_s = arguments.linger_s;
  if (arguments.answer_rate > 0) out.node_answer_rate = arguments.answer_rate;
  return out;
}

Scenario scenario_of(const Arguments& arguments) {
  Scenario out = arguments.scenario;
  out.image_bytes = static_cast<std::uint64_t>(arguments.image_mib * 1024 * 1024);
  out.down_bits = arguments.down_mbit * 1e6;
  out.up_bits = arguments.up_mbit * 1e6;
  out.provider_bits = (arguments.provider_mbit > 0 ? arguments.provider_mbit : arguments.up_mbit) * 1e6;
  out.named = std::min(out.named, out.providers);
  return out;
}

int run_one(const Arguments& arguments) {
  const Parameters parameters = parameters_of(arguments);
  const Scenario scenario = scenario_of(arguments);
  std::ofstream log;
  if (!arguments.log.empty()) log.open(arguments.log, std::ios::binary);
  const Outcome outcome = run_crowd(parameters, scenario, arguments.log.empty() ? nullptr : &log);
  if (!arguments.log.empty()) {
    log.close();
    if (!log) throw std::runtime_error(arguments.log + ": cannot be written");
  }
  std::cout << (arguments.json ? outcome_json(scenario, outcome) : outcome_text(scenario, outcome));
  if (arguments.svg_folder.empty()) return 0;
  std::filesystem::create_directories(arguments.svg_folder);
  for (const auto& [name, drawing] : drawings_of(scenario, outcome)) {
    write_file(arguments.svg_folder + "/" + name + ".svg", svg(drawing));
  }
  return 0;
}

int run_sweep(const Arguments& arguments) {
  const Parameters parameters = parameters_of(arguments);
  std::vector<Swept> all;
  for (const std::uint32_t clients : arguments.sweep) {
    Scenario scenario = scenario_of(arguments);
    scenario.clients = clients;
    all.push_back({scenario, run_crowd(parameters, scenario)});
  }
  std::cout << (arguments.json ? sweep_json(all) : sweep_text(all));
  if (arguments.svg_folder.empty()) return 0;
  std::filesystem::create_directories(arguments.svg_folder);
  for (const auto& [name, drawing] : drawings_of(all)) {
    write_file(arguments.svg_folder + "/" + name + ".svg", svg(drawing));
  }
  return 0;
}

std::vector<MeasuredRun> measured_of(const Arguments& arguments) {
  std::vector<MeasuredRun> out;
  for (const auto& path : arguments.measured) out.push_back(read_from(path, parse_measured));
  return out;
}

int run_fit(const Arguments& arguments) {
  ParameterFile file = read_from(arguments.parameters, parse_parameters);
  const auto runs = measured_of(arguments);
  std::string from = "fitted to";
  for (const MeasuredRun& run : runs) {
    if (!run.valid()) throw std::runtime_error(run.name + ": the machine was busier than 70 %, which fits nothing");
    if (run.clients > kMostClients) throw std::runtime_error(run.name + ": too many clients");
    from += " " + run.name;
  }
  file.values = fit(file.values, runs);
  for (const char* name : kFitted) file.origins[name] = from;
  const std::string text = parameters_text(file);
  if (arguments.out.empty()) std::cout << text;
  else write_file(arguments.out, text);
  return 0;
}

int run_predict(const Arguments& arguments) {
  const Parameters parameters = parameters_of(arguments);
  std::vector<Judged> all;
  bool within = true, judged = false;
  for (const MeasuredRun& run : measured_of(arguments)) {
    if (run.clients > kMostClients) throw std::runtime_error(run.name + ": too many clients");
    all.push_back({run, predict(parameters, run)});
    const double error = all.back().said.last_error * 100;
    if (!run.valid()) continue;
    judged = true;
    if (error > arguments.bound || error < -arguments.bound) within = false;
  }
  std::cout << (arguments.json ? judged_json(all) : judged_text(all));
  return arguments.bound <= 0 || (judged && within) ? 0 : 1;
}

void add_scenario(CLI::App& verb, Arguments& a, bool with_clients) {
  Scenario& s = a.scenario;
  if (with_clients) {
    verb.add_option("--clients", s.clients, "Machines")->capture_default_str()->check(CLI::Range(1U, kMostClients));
  }
  verb.add_option("--providers", s.providers, "At the beginning")->capture_default_str()->check(CLI::Range(1, 10'000));
  verb.add_option("--named", s.named, "Of them, in the pointer (value e)")->capture_default_str();
  verb.add_option("--image", a.image_mib, "MiB")->capture_default_str()->check(CLI::Range(0.0625, 65'536.0));
  verb.add_option("--down", a.down_mbit, "Mbit/s of each machine")->capture_default_str()->check(CLI::Range(0.01, 1e6));
  verb.add_option("--up", a.up_mbit, "Mbit/s of each machine")->capture_default_str()->check(CLI::Range(0.01, 1e6));
  verb.add_option("--provider-up", a.provider_mbit, "Mbit/s of each first provider; else as --up")->check(CLI::Range(0.01, 1e6));
  verb.add_option("--spread", s.spread_s, "Seconds within which machines are switched on")->capture_default_str()->check(CLI::Range(0.0, 86'400.0));
  verb.add_option("--rtt", s.rtt_s, "Seconds there and back, between any two")->capture_default_str()->check(CLI::Range(0.0, 10.0));
  verb.add_option("--dht-nodes", s.dht_nodes, "Nodes of the DHT")->capture_default_str()->check(CLI::Range(1U, 1'000'000'000U));
  verb.add_option("--node-share", s.node_share, "Of the booted machines, that go on as providers")->capture_default_str()->check(CLI::Range(0.0, 1.0));
  verb.add_option("--longest", s.longest_s, "Seconds after which the run ends")->capture_default_str()->check(CLI::Range(1.0, 1e6));
  verb.add_option("--rng-seed", s.rng_seed, "Of every chance")->capture_default_str();
  verb.add_option("--start", a.start_s, "Seconds from power on to the first question, instead of start_s")->check(CLI::Range(0.0, 600.0));
  verb.add_option("--linger", a.linger_s, "Seconds that a machine serves after its fetch, instead of linger_s")->check(CLI::Range(0.0, 3600.0));
  verb.add_option("--answer-rate", a.answer_rate, "Bytes a second of a DHT node, instead of node_answer_rate")->check(CLI::Range(100.0, 1e12));
  verb.add_option("--svg", a.svg_folder, "Folder for plots");
}

int run(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Models discovery and swarm of a crowd of machines (docs/MODEL.md)"};
  app.require_subcommand(1);
  const auto verb = [&](const char* name, const char* what, bool json) {
    CLI::App* added = app.add_subcommand(name, what);
    added->add_option("--parameters", arguments.parameters, "File of parameters")->capture_default_str();
    if (json) added->add_flag("--json", arguments.json, "Figures as JSON");
    return added;
  };
  CLI::App* one = verb("run", "One crowd", true);
  add_scenario(*one, arguments, true);
  one->add_option("--log", arguments.log, "File for every step of every machine");
  CLI::App* many = verb("sweep", "Crowds of several sizes", true);
  add_scenario(*many, arguments, false);
  many->add_option("--clients", arguments.sweep, "Sizes")->delimiter(',')->check(CLI::Range(1U, kMostClients));
  CLI::App* fitting = verb("fit", "Parameters that fit measured runs best", false);
  fitting->add_option("measured", arguments.measured, "Files of measured runs")->required();
  fitting->add_option("--out", arguments.out, "File for the parameters; else stdout");
  CLI::App* judging = verb("predict", "What the model says of measured runs, and its error", true);
  judging->add_option("measured", arguments.measured, "Files of measured runs")->required();
  judging->add_option("--within", arguments.bound, "Fails where a valid run's last machine is further off, in %, or no run is valid")
      ->check(CLI::Range(0.1, 1000.0));
  CLI11_PARSE(app, argc, argv);
  if (one->parsed()) return run_one(arguments);
  if (many->parsed()) return run_sweep(arguments);
  return fitting->parsed() ? run_fit(arguments) : run_predict(arguments);
}

}  // namespace
}  // namespace phase::sim::model

int main(int argc, char** argv) { return phase::sim::guarded_main(argc, argv, phase::sim::model::run); }
