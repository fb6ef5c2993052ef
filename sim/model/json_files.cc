// The model's files: parameters and measured runs. The one file that knows JSON.
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "sim/model/measured.h"
#include "sim/model/parameters.h"

namespace phase::sim::model {
namespace {

using nlohmann::json;
using P = Parameters;

constexpr const char* kParameterFormat = "phase-model-parameters/1";
constexpr const char* kMeasuredFormat = "phase-model-measured/1";
constexpr std::size_t kMaxText = 600;

Error malformed(const std::string& what) { return {ErrorCode::kMalformed, what}; }

/// An object of that format; everything else is refused before it is looked at.
Result<json> parse_object(const std::string& untrusted, const char* format) {
  if (untrusted.size() > kMaxModelFile) return malformed("larger than 1 MiB");
  json parsed = json::parse(untrusted, nullptr, false);
  if (!parsed.is_object()) return malformed("not a JSON object");
  const auto said = parsed.find("format");
  if (said == parsed.end() || *said != format) return malformed(std::string("format is not ") + format);
  return parsed;
}

Result<double> number(const json& object, const char* name, double least, double most) {
  const auto at = object.find(name);
  if (at == object.end() || !at->is_number()) return malformed(std::string(name) + ": a number is missing");
  const auto value = at->get<double>();
  if (!std::isfinite(value) || value < least || value > most) {
    return malformed(std::string(name) + ": out of range");
  }
  return value;
}

Result<double> whole(const json& object, const char* name, double least, double most) {
  auto value = number(object, name, least, most);
  if (value && *value != std::floor(*value)) return malformed(std::string(name) + ": not a whole number");
  return value;
}

Result<std::string> text(const json& object, const char* name) {
  const auto at = object.find(name);
  if (at == object.end() || !at->is_string()) return malformed(std::string(name) + ": a text is missing");
  auto value = at->get<std::string>();
  if (value.empty() || value.size() > kMaxText) return malformed(std::string(name) + ": empty or too long");
  return value;
}

bool is_name(const std::string& text) {
  return text.size() <= 60 && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

Result<void> read_completions(const json& parsed, MeasuredRun& run) {
  const auto at = parsed.find("completions_s");
  if (at == parsed.end()) return {};
  if (!at->is_array() || at->size() != run.clients) return malformed("completions_s: not one for each client");
  for (const json& one : *at) {
    if (!one.is_number()) return malformed("completions_s: not a number");
    const auto seconds = one.get<double>();
    const double before = run.completions.empty() ? 0 : run.completions.back();
    if (!(seconds >= before && seconds <= run.last_s + 1e-9)) {
      return malformed("completions_s: not rising to last_s");
    }
    run.completions.push_back(seconds);
  }
  return {};
}

}  // namespace

const std::array<ParameterRule, 29>& parameter_rules() {
  static const std::array<ParameterRule, 29> kRules = {{
      {"line_efficiency", "share", &P::line_efficiency, 0.1, 1},
      {"start_s", "s", &P::start_s, 0, 600},
      {"lookup_rounds", "round trips", &P::lookup_rounds, 0, 100},
      {"lookup_rounds_per_decade", "round trips", &P::lookup_rounds_per_decade, 0, 100},
      {"lookup_messages", "messages", &P::lookup_messages, 1, 1000},
      {"lookup_messages_per_decade", "messages", &P::lookup_messages_per_decade, 0, 1000},
      {"lookup_again_s", "s", &P::lookup_again_s, 0.1, 3600},
      {"standing_lookups", "targets", &P::standing_lookups, 1, 64},
      {"query_bytes", "bytes", &P::query_bytes, 1, 2000},
      {"answer_bytes", "bytes", &P::answer_bytes, 1, 2000},
      {"item_answer_bytes", "bytes", &P::item_answer_bytes, 1, 2000},
      {"peers_answer_bytes", "bytes", &P::peers_answer_bytes, 1, 65'536},
      {"holders", "nodes", &P::holders, 1, 100},
      {"salts", "targets", &P::salts, 1, 16},
      {"peer_targets", "targets", &P::peer_targets, 1, 16},
      {"node_answer_rate", "bytes/s", &P::node_answer_rate, 100, 1e12},
      {"max_connections", "connections", &P::max_connections, 1, 65'000},
      {"reconnect_s", "s", &P::reconnect_s, 0.1, 3600},
      {"providers_asked", "providers", &P::providers_asked, 1, 1000},
      {"neighbours", "clients", &P::neighbours, 1, 1000},
      {"metadata_bytes_per_piece", "bytes", &P::metadata_bytes_per_piece, 1, 10'000},
      {"own_pieces", "pieces", &P::own_pieces, 0, 100},
      {"have_bytes", "bytes", &P::have_bytes, 0, 2000},
      {"fewest_given", "pieces", &P::fewest_given, 1, 1000},
      {"request_s", "s", &P::request_s, 0.01, 60},
      {"pair_bytes", "bytes", &P::pair_bytes, 1, 16'777'216},
      {"step_s", "s", &P::step_s, 0, 60},
      {"linger_s", "s", &P::linger_s, 0, 3600},
      {"reboot_s", "s", &P::reboot_s, 0, 3600},
  }};
  return kRules;
}

Result<ParameterFile> parse_parameters(const std::string& untrusted) {
  const auto parsed = parse_object(untrusted, kParameterFormat);
  if (!parsed) return parsed.error();
  const auto values = parsed->find("parameters");
  if (values == parsed->end() || !values->is_object()) return malformed("parameters: an object is missing");
  if (values->size() != parameter_rules().size()) return malformed("parameters: too few, or unknown ones");
  ParameterFile out;
  for (const ParameterRule& rule : parameter_rules()) {
    const auto at = values->find(rule.name);
    if (at == values->end() || !at->is_object()) return malformed(std::string(rule.name) + ": missing");
    const auto value = number(*at, "value", rule.least, rule.most);
    if (!value) return value.error().in(rule.name);
    const auto unit = text(*at, "unit");
    if (!unit || *unit != rule.unit) return malformed(std::string(rule.name) + ": unit is not " + rule.unit);
    const auto origin = text(*at, "origin");
    if (!origin) return origin.error().in(rule.name);
    out.values.*rule.value = *value;
    out.origins[rule.name] = *origin;
  }
  return out;
}

std::string parameters_text(const ParameterFile& file) {
  nlohmann::ordered_json values;
  for (const ParameterRule& rule : parameter_rules()) {
    values[rule.name] = {
        {"value", file.values.*rule.value}, {"unit", rule.unit}, {"origin", file.origins.at(rule.name)}};
  }
  const nlohmann::ordered_json out = {{"format", kParameterFormat}, {"parameters", values}};
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<MeasuredRun> parse_measured(const std::string& untrusted) {
  const auto parsed = parse_object(untrusted, kMeasuredFormat);
  if (!parsed) return parsed.error();
  MeasuredRun run;
  const auto name = text(*parsed, "name");
  if (!name) return name.error();
  if (!is_name(*name)) return malformed("name: not [a-z0-9-], or longer than 60");
  run.name = *name;
  const auto origin = text(*parsed, "origin");
  if (!origin) return origin.error();
  run.origin = *origin;
  std::optional<Error> failed;
  const auto take = [&](const Result<double>& value) {
    if (!value && !failed) failed = value.error();
    return value ? *value : 0;
  };
  run.clients = static_cast<std::uint32_t>(take(whole(*parsed, "clients", 1, kMaxMeasuredClients)));
  run.providers = static_cast<std::uint32_t>(take(whole(*parsed, "providers", 1, 1000)));
  run.image_bytes = static_cast<std::uint64_t>(take(whole(*parsed, "image_bytes", 1, 1e12)));
  run.line_bits = static_cast<std::uint64_t>(take(whole(*parsed, "line_bits", 1000, 1e12)));
  run.dht_nodes = static_cast<std::uint32_t>(take(whole(*parsed, "dht_nodes", 1, 1e9)));
  run.last_s = take(number(*parsed, "last_s", 0.001, 1e7));
  run.provider_bytes = take(number(*parsed, "provider_bytes", 0, 1e15));
  run.cpu_share = take(number(*parsed, "cpu_share", 0, 1));
  if (failed) return *failed;
  if (auto read = read_completions(*parsed, run); !read) return read.error();
  return run;
}

std::string measured_text(const MeasuredRun& run) {
  nlohmann::ordered_json out = {{"format", kMeasuredFormat},
                                {"name", run.name},
                                {"origin", run.origin},
                                {"clients", run.clients},
                                {"providers", run.providers},
                                {"image_bytes", run.image_bytes},
                                {"line_bits", run.line_bits},
                                {"dht_nodes", run.dht_nodes},
                                {"last_s", run.last_s},
                                {"provider_bytes", run.provider_bytes},
                                {"cpu_share", run.cpu_share}};
  if (!run.completions.empty()) out["completions_s"] = run.completions;
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace phase::sim::model
