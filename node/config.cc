#include "node/config.h"

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <vector>

#include "node/files.h"
#include "proto/nearest.h"

namespace phase::node {
namespace {

constexpr std::size_t kMaxConfigBytes = 256 * 1024;

std::string at_line(const toml::source_region& where) {
  return "line " + std::to_string(where.begin.line) + ": ";
}

std::optional<std::string> scalar(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  return std::nullopt;
}

Result<std::vector<std::string>> values(const toml::node& node) {
  std::vector<std::string> all;
  const auto take = [&](const toml::node& one) {
    auto value = scalar(one);
    if (value) all.push_back(std::move(*value));
    return value.has_value();
  };
  bool good = true;
  if (const auto* list = node.as_array()) {
    for (const toml::node& one : *list) good = good && take(one);
  } else {
    good = take(node);
  }
  if (good) return all;
  return Error{ErrorCode::kConfig, at_line(node.source()) +
                                       "expected a text, a number, true or false, or a list of these"};
}

std::vector<std::string> known_keys(const CLI::App& verb) {
  std::vector<std::string> keys;
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) keys.push_back(name);
  }
  return keys;
}

Result<void> apply(CLI::App& verb, const std::string& key, const toml::node& node) {
  CLI::Option* option = verb.get_option_no_throw("--" + key);
  if (option == nullptr || key == "config" || key == "help") {
    const std::vector<std::string> keys = known_keys(verb);
    const std::vector<std::string_view> known(keys.begin(), keys.end());
    return {ErrorCode::kConfig, at_line(node.source()) + "unknown key '" + key + "'" +
                                    did_you_mean(key, known)};
  }
  if (option->count() > 0) return {};  // the command line said it
  auto texts = values(node);
  if (!texts) return texts.error();
  try {
    option->add_result(std::move(*texts));
    option->run_callback();
  } catch (const CLI::Error& why) {
    return {ErrorCode::kConfig, at_line(node.source()) + why.what()};
  }
  return {};
}

}  // namespace

Result<void> apply_config(CLI::App& verb, const std::string& file) {
  auto text = real_files().read_file(file, kMaxConfigBytes);
  if (!text) return Error{ErrorCode::kConfig, text.error().detail};
  const toml::parse_result parsed = toml::parse(as_text(*text));
  if (!parsed) {
    return Error{ErrorCode::kConfig, file + ": " + at_line(parsed.error().source()) +
                                         std::string(parsed.error().description())};
  }
  for (const auto& [key, node] : parsed.table()) {
    auto applied = apply(verb, std::string(key.str()), node);
    if (!applied) return applied.error().in(file);
  }
  return {};
}

}  // namespace phase::node
