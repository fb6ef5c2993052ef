#include "node_fixture.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace phase::node::test {

using std::chrono::minutes;

void Nodes::SetUp() {
  std::filesystem::create_directories(folder() + "/logs");
  shell_ = std::make_unique<sim::Shell>(sim::own_folder(), folder() + "/logs", observer_);
  world_ = must(sim::World::create(*shell_, folder(), kDhtNodes));
  kit_.public_key = must(sim::make_key(*shell_, folder() + "/key"));
  kit_.secret_key = folder() + "/key/secret.key";
  kit_.kernel.vmlinuz = folder() + "/kernel";
  kit_.node_initramfs = folder() + "/initramfs";
  write(kit_.kernel.vmlinuz, x86_kernel());
  write(kit_.node_initramfs, initramfs(kReleaseBytes));
}

std::uint64_t Nodes::publish(const std::vector<std::string>& more) {
  sim::PublishChoice choice;
  choice.more = more;
  return must(world_->publish(kit_, choice));
}

Nodes::Ended Nodes::run(const std::string& host, std::vector<std::string> argv) {
  sim::ProcessOptions options;
  options.netns = host;
  options.log_file = folder() + "/logs/run" + std::to_string(++runs_) + ".log";
  if (argv.front().find('/') == std::string::npos && argv.front() == "plasmd") {
    argv.front() = sim::own_folder() + "/plasmd";
  }
  options.argv = std::move(argv);
  const std::string log = options.log_file;
  auto process = must(sim::Process::start(std::move(options)));
  const sim::ExitStatus status = must(process->wait(minutes(2)));
  std::ifstream file(log);
  std::ostringstream text;
  text << file.rdbuf();
  return {status.signal == 0 ? status.code : 128 + status.signal, text.str()};
}

std::vector<std::string> Nodes::with_bootstrap(std::vector<std::string> argv) const {
  for (const std::string& node : world_->bootstrap()) {
    argv.insert(argv.end(), {"--bootstrap", node});
  }
  // One switch stands for the internet: nobody there hears another's multicast.
  argv.emplace_back("--no-lan");
  return argv;
}

nlohmann::json Nodes::fetch(const std::vector<std::string>& more) {
  const std::string out = folder() + "/fetched" + std::to_string(++runs_);
  auto argv = with_bootstrap(
      {"sh", "-c", "exec \"$0\" \"$@\" 2>/dev/null", sim::own_folder() + "/plasmd", "fetch",
       "--trust", kit_.public_key, "--out", out, "--json", "--timeout", "100"});
  argv.insert(argv.end(), more.begin(), more.end());
  const Ended ended = run("router", argv);
  auto json = nlohmann::json::parse(ended.output, nullptr, false);
  if (!json.is_object()) throw std::runtime_error("plasmd fetch printed no JSON: " + ended.output);
  json["exit"] = ended.code;
  return json;
}

std::uint64_t Nodes::received_bytes(const std::string& host) {
  // By netlink: /sys shows the interfaces of the namespace that it was mounted in.
  const Ended shown = run(host, {"ip", "-j", "-s", "link", "show", "eth0"});
  const auto json = nlohmann::json::parse(shown.output);
  return json.at(0).at("stats64").at("rx").at("bytes").get<std::uint64_t>();
}

nlohmann::json Nodes::status(const std::string& host) {
  const Ended ended = run(host, {"plasmd", "status", "--json"});
  auto json = nlohmann::json::parse(ended.output, nullptr, false);
  if (!json.is_object()) throw std::runtime_error("plasmd status: " + ended.output);
  return json;
}

}  // namespace phase::node::test
