#include "tests/bench/web_pair.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "sim/command.h"

namespace phase::bench {
namespace {

constexpr std::uint16_t kOurPort = 8080;
constexpr std::uint16_t kNginxPort = 8088;

void write_random(const std::string& path, std::size_t size) {
  std::string content(size, '\0');
  std::uint32_t x = 2463534242;  // xorshift: the same incompressible bytes each run
  for (auto& byte : content) {
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    byte = static_cast<char>(x);
  }
  std::ofstream(path, std::ios::binary) << content;
}

/// The process and its children: nginx answers from those.
std::vector<pid_t> family(pid_t first) {
  std::vector<pid_t> all = {first};
  const auto id = std::to_string(first);
  std::ifstream children("/proc/" + id + "/task/" + id + "/children");
  for (pid_t child = 0; children >> child;) all.push_back(child);
  return all;
}

/// Field `number` of /proc/<pid>/stat, from 1 on.
double stat_field(pid_t pid, int number) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream rest(text.substr(text.rfind(')') + 1));  // the name may hold blanks
  std::string field;
  for (int at = 3; at <= number; ++at) rest >> field;
  return std::stod(field);
}

/// The largest of the family, MiB: nginx' master answers nobody.
double status_mib(pid_t first, const std::string& key) {
  double most = 0;
  for (const pid_t pid : family(first)) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);)
      if (line.starts_with(key + ":")) most = std::max(most, std::stod(line.substr(key.size() + 1)));
  }
  return most / 1024;
}

}  // namespace

std::string WebPair::Server::url(int host, const std::string& path) const {
  return "http://127.0.0." + std::to_string(host) + ":" + std::to_string(port) + path;
}

double WebPair::Server::cpu_seconds() const {
  double ticks = 0;
  for (const pid_t pid : family(process->pid())) ticks += stat_field(pid, 14) + stat_field(pid, 15);
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double WebPair::Server::peak_mib() const { return status_mib(process->pid(), "VmHWM"); }
double WebPair::Server::own_mib() const { return status_mib(process->pid(), "RssAnon"); }

WebPair::WebPair(Bench& bench) : bench_(bench), tree_(bench.scratch + "/tree") {
  network_ = must(sim::Network::create());
  host_ = must(network_->add_host("web", "10.77.2.1"));
  must(sim::run_commands({{"ip", "-n", host_.name, "link", "set", "lo", "up"}}));
  for (int i = 1; i <= kAddresses; ++i) {
    const std::string address = "127.0.0." + std::to_string(i);
    must(sim::run_commands({{"ip", "-n", host_.name, "route", "replace", "local", address, "dev",
                             "lo", "src", address, "table", "local"}}));
  }
  std::filesystem::create_directories(tree_ + "/stable/x86_64");
  write_random(tree_ + kSmallPath, kSmallBytes);
  write_random(tree_ + kLargePath, kLargeBytes);
  std::ofstream(bench_.scratch + "/nginx.conf")
      << "daemon off; user root; worker_processes 2; worker_rlimit_nofile 20000; pid nginx.pid;\n"
         "error_log /dev/null; events { worker_connections 9000; }\n"
         "http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 10000;\n"
         "  server { listen "
      << kNginxPort << "; root " << tree_ << "; } }\n";
}

std::vector<std::string> WebPair::pinned(int core, std::vector<std::string> argv) const {
  if (std::thread::hardware_concurrency() < 2) return argv;
  argv.insert(argv.begin(), {"taskset", "--cpu-list", std::to_string(core)});
  return argv;
}

std::vector<std::string> WebPair::client(const std::vector<std::string>& argv) const {
  return pinned(1, argv);
}

void WebPair::start(const std::string& name, std::uint16_t port,
                    const std::vector<std::string>& argv) {
  Server server{name, port, must(bench_.shell.start(host_.name, pinned(0, argv)))};
  // plasmd listens before it has read its files, and says 404 for that moment.
  (void)must(bench_.shell.run(
      host_.name, {"curl", "--silent", "--fail", "--retry", "40", "--retry-all-errors",
                   "--retry-delay", "1", "--output", "/dev/null", server.url(1, kSmallPath)}));
  servers_.push_back(std::move(server));
}

void WebPair::restart() {
  // By themselves: nginx' workers outlive a master that was killed.
  for (auto& server : servers_) (void)must(server.process->stop(std::chrono::seconds(20)));
  servers_.clear();
  start("plasmd", kOurPort,
        {sim::own_folder() + "/plasmd", "serve", "--unsigned", "--user", "root", "--artifacts",
         tree_, "--port", std::to_string(kOurPort)});
  start("nginx", kNginxPort, {"nginx", "-p", bench_.scratch, "-c", bench_.scratch + "/nginx.conf"});
}

}  // namespace phase::bench
