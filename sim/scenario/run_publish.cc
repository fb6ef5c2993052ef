#include "sim/scenario/run_publish.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/shell.h"
#include "sim/world.h"

namespace phase::sim {

Result<void> RunPublish::begin_publish(double changed, std::optional<std::size_t> action) {
  keep_pointer();
  auto prepared = context_.release.prepare_next(changed);
  if (!prepared) return prepared;
  return launch(context_.release.publish_arguments(context_.publisher_store), action);
}

Result<void> RunPublish::begin_renew(std::optional<std::size_t> action) {
  keep_pointer();
  return launch(context_.release.renew_arguments(context_.publisher_store), action);
}

/// What a hostile node would have seen in the DHT until now.
void RunPublish::keep_pointer() {
  const std::string items = context_.publisher_store + "/pointers/" +
                            context_.release.kit().public_key + "/" + kChannel + "/" + kArch + ".items";
  const std::string copy = context_.scratch + "/items-" + std::to_string(context_.older_items.size() + 1);
  std::error_code error;
  if (std::filesystem::copy_file(items, copy, error)) context_.older_items.push_back(copy);
}

Result<void> RunPublish::launch(const std::vector<std::string>& argv, std::optional<std::size_t> action) {
  if (process_) return {ErrorCode::kUsage, "two publishings at the same time"};
  action_ = action;
  output_.clear();
  trouble_.clear();
  program_ = ++context_.programs;
  ProcessOptions options;
  options.argv = argv;
  options.argv.front() = own_folder() + "/" + argv.front();
  options.argv.emplace_back("--json");
  options.netns = context_.site.hosts()[host_].cable;
  options.log_file = context_.logs + "/publish.log";
  options.on_line = [&events = context_.events, host = host_, program = program_](std::string_view line) {
    events.push({RunEvent::Kind::kLine, host, program, std::string(line), {},
                 std::chrono::steady_clock::now()});
  };
  options.on_end = [&events = context_.events, host = host_, program = program_](const ExitStatus& status) {
    events.push({RunEvent::Kind::kEnd, host, program, {}, status, std::chrono::steady_clock::now()});
  };
  auto started = Process::start(std::move(options));
  if (!started) return started.error();
  process_ = std::move(*started);
  return {};
}

bool RunPublish::handle(const RunEvent& event) {
  if (!process_ || event.program != program_) return false;
  if (event.kind == RunEvent::Kind::kLine) {
    output_ += event.line + "\n";
    return true;
  }
  end(event.status);
  process_.reset();
  return true;
}

void RunPublish::end(const ExitStatus& status) {
  if (!status.success()) {
    trouble_ = "plasmd publish: " + status.text() + ": " + output_;
    return;
  }
  // Warnings may stand before it: stdout and stderr are one stream.
  const auto begin = output_.find("{\n");
  try {
    const auto json = nlohmann::json::parse(begin == std::string::npos ? output_ : output_.substr(begin));
    const auto& release = json.at("published").at(0);
    const auto version = release.at("version").get<std::uint64_t>();
    context_.release.published(version);
    std::ofstream(context_.scratch + "/infohashes") << release.value("infohash_v1", "") << "\n"
                                                    << release.value("infohash_v2", "") << "\n";
    if (action_) context_.record.actions.at(*action_).detail = "version " + std::to_string(version);
    context_.say("version " + std::to_string(version) + " is published");
  } catch (const nlohmann::json::exception& failure) {
    trouble_ = std::string("plasmd publish printed no report (") + failure.what() + "): " + output_;
  }
}

}  // namespace phase::sim
