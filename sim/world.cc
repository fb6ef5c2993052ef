#include "sim/world.h"

#include <filesystem>
#include <regex>

#include "sim/command.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kRouter = "10.77.0.1";
constexpr const char* kDhtFirst = "10.77.1.1";
constexpr int kDhtPort = 6881;
constexpr const char* kPublisher = "10.77.2.1";
constexpr int kBootstrapGiven = 3;  // Of the DHT's nodes, as an operator would name some.

}  // namespace

Result<std::unique_ptr<World>> World::create(Shell& shell, const std::string& scratch,
                                             int dht_nodes) {
  std::unique_ptr<World> world{new World(shell, scratch)};
  auto network = world->start_network();
  if (!network) return network.error();
  auto dht = world->start_dht(dht_nodes);
  if (!dht) return dht.error();
  return world;
}

Result<void> World::start_network() {
  auto network = Network::create();
  if (!network) return network.error();
  network_ = std::move(*network);
  auto router = network_->add_host("router", kRouter);
  if (!router) return router.error();
  router_ = *router;
  auto publisher = network_->add_host("publisher", kPublisher);
  if (!publisher) return publisher.error();
  publisher_host_ = *publisher;
  auto dhcp = network_->start_dhcp(router_, "10.77.9.10", "10.77.9.250", shell_.logs());
  if (!dhcp) return dhcp.error();
  dhcp_ = std::move(*dhcp);
  return {};
}

Result<void> World::start_dht(int nodes) {
  auto host = network_->add_host("dht", kDhtFirst);
  if (!host) return host.error();
  auto started =
      shell_.start(host->name, {"phase-dht-nodes", "--range",
                                std::string(kDhtFirst) + ":" + std::to_string(kDhtPort) + "+" +
                                    std::to_string(nodes)});
  if (!started) return started.error();
  dht_ = std::move(*started);
  auto ready = shell_.await(*dht_, "^ready " + std::to_string(nodes) + "$",
                            "the DHT's nodes know each other", minutes(1));
  if (!ready) return ready.error();
  for (int i = 0; i < std::min(nodes, kBootstrapGiven); ++i) {
    bootstrap_.push_back(std::string(kDhtFirst) + ":" + std::to_string(kDhtPort + i));
  }
  return {};
}

std::vector<std::string> World::with_bootstrap(std::vector<std::string> argv) const {
  for (const auto& node : bootstrap_) argv.insert(argv.end(), {"--bootstrap", node});
  // One switch stands for the internet: nobody there hears another's multicast.
  argv.emplace_back("--no-lan");
  return argv;
}

Result<std::uint64_t> World::publish(const ReleaseKit& kit, const PublishChoice& choice) {
  std::vector<std::string> argv = {
      "plasmd",    "publish",        "-a",     publisher_store(),  "--secret-key", kit.secret_key,
      "--channel", kChannel,         "--arch", kArch,              "--kernel",     kit.kernel.vmlinuz,
      "--initramfs", kit.node_initramfs, "--cmdline", choice.command_line};
  argv.insert(argv.end(), choice.more.begin(), choice.more.end());
  auto printed = shell_.run("publisher", argv);
  if (!printed) return printed.error();
  std::smatch match;
  if (!std::regex_search(*printed, match, std::regex("version[ =:]+([0-9]+)"))) {
    return Error{ErrorCode::kInternal, "plasmd publish printed no version: " + *printed};
  }
  return std::stoull(match[1].str());
}

Result<void> World::start_publisher() {
  auto started = shell_.start("publisher", with_bootstrap({"plasmd", "serve", "-a", publisher_store(),
                                                           "-p", "8080", "--no-lan"}));
  if (!started) return started.error();
  publisher_ = std::move(*started);
  auto serving = shell_.await(*publisher_, "^serving channel=", "the publisher serves", minutes(1));
  if (!serving) return serving.error();
  auto stored = shell_.await(*publisher_, "^pointer stored .* nodes=[1-9]",
                             "the pointer is stored in the DHT", minutes(1));
  if (!stored) return stored.error();
  return {};
}

Result<void> World::stop_publisher() {
  check(publisher_ != nullptr, "the publisher was started");
  const pid_t pid = publisher_->pid();
  auto ended = publisher_->stop(seconds(30));
  if (!ended) return ended.error();
  std::error_code error;
  if (publisher_->running() || std::filesystem::exists("/proc/" + std::to_string(pid), error)) {
    return Error{ErrorCode::kInternal, "the publisher still runs"};
  }
  // A connection that is refused is one that was asked for: the host is there, the program not.
  auto asked = run_command({"curl", "--silent", "--show-error", "--max-time", "5",
                            std::string("http://") + kPublisher + ":8080/healthz"},
                           router_.name);
  if (asked) return Error{ErrorCode::kInternal, "something still answers at the publisher's port"};
  auto unplugged = network_->set_plugged(publisher_host_, false);
  if (!unplugged) return unplugged.error();
  return {};
}

std::string World::provider_address(std::size_t index) const {
  return "10.77.3." + std::to_string(index + 1);
}

Result<Host> World::next_provider_host(Rate rate) {
  const auto index = providers_.size();
  return network_->add_host("provider" + std::to_string(index + 1), provider_address(index), rate);
}

Result<void> World::start_follower(const std::string& public_key, Rate rate) {
  const std::string store = scratch_ + "/provider" + std::to_string(providers_.size() + 1);
  auto started = start_provider(with_bootstrap(
      {"plasmd", "serve", "-a", store, "--follow", public_key + "/" + kChannel + "/" + kArch, "--no-lan"}),
      rate);
  if (!started) return started.error();
  return {};
}

Result<void> World::await_followers(std::uint64_t version) {
  const std::string number = std::to_string(version);
  for (auto& provider : providers_) {
    auto serving = shell_.await(*provider, "^serving .*version=" + number + "\\b",
                                "a provider has fetched and verified version " + number,
                                minutes(2));
    if (!serving) return serving.error();
    auto announced = shell_.await(*provider, "^announced name=phase-.*-" + number + "-",
                                  "a provider has announced version " + number, minutes(1));
    if (!announced) return announced.error();
  }
  return {};
}

Result<Process*> World::start_provider(const std::vector<std::string>& argv, Rate rate) {
  auto host = next_provider_host(rate);
  if (!host) return host.error();
  auto started = shell_.start(host->name, argv);
  if (!started) return started.error();
  providers_.push_back(std::move(*started));
  return providers_.back().get();
}

Result<Lan> World::add_lan(const std::string& name, Rate uplink) {
  auto lan = network_->add_lan(name, uplink);
  if (!lan) return lan.error();
  LanServiceOptions options;
  options.dns_upstream = router_.address;
  auto services = network_->start_services(*lan, options, shell_.logs());
  if (!services) return services.error();
  lan_processes_.push_back(std::move(*services));
  return lan;
}

Result<Process*> World::start_lan_node(const Lan& lan, const std::string& name, int number) {
  auto host = network_->add_host(lan, name, number);
  if (!host) return host.error();
  const std::string store = scratch_ + "/" + name;
  auto copied = run_commands({{"cp", "-a", publisher_store(), store}});
  if (!copied) return copied.error();
  auto started = shell_.start(host->name, {"plasmd", "serve", "-a", store, "-p", "8080", "--mode",
                                           "local", "--admin", "none"});
  if (!started) return started.error();
  auto serving = shell_.await(**started, "^serving channel=", "a node on the LAN serves", minutes(1));
  if (!serving) return serving.error();
  auto registered = shell_.await(**started, "^registered on the link ",
                                 "it is to be found there", minutes(1));
  if (!registered) return registered.error();
  lan_processes_.push_back(std::move(*started));
  return lan_processes_.back().get();
}

std::string World::machine_command_line(const std::string& public_key) const {
  std::string nodes;
  for (const auto& node : bootstrap_) nodes += (nodes.empty() ? "" : ",") + node;
  return "console=ttyS0 phase.mode=internet phase.key=" + public_key +
         " phase.channel=" + kChannel + " phase.bootstrap=" + nodes;
}

Result<std::unique_ptr<Machine>> World::power_on(const ReleaseKit& kit,
                                                 const PowerOnChoice& choice) {
  const int number = ++machines_;
  std::string tap = choice.tap;
  if (choice.nic && tap.empty()) {
    auto made = network_->add_tap("tap" + std::to_string(number));
    if (!made) return made.error();
    tap = *made;
  }
  const std::string label = "machine" + std::to_string(number);
  MachineOptions options;
  options.kernel = kit.kernel.vmlinuz;
  options.initramfs = kit.client_initramfs;
  options.command_line = machine_command_line(kit.public_key);
  if (!choice.more_command_line.empty()) options.command_line += " " + choice.more_command_line;
  options.memory_mib = choice.memory_mib;
  options.tap = tap;
  options.mac = "52:54:00:77:00:0" + std::to_string(number % 10);
  options.console_log = shell_.logs() + "/" + label + ".log";
  options.disks = choice.disks;
  options.more_arguments = choice.more_qemu;
  options.on_line = [&observer = shell_.observer(), label](std::string_view line) {
    observer.output(label, line);
  };
  shell_.observer().command(label, "(power on) " + options.command_line);
  return Machine::power_on(std::move(options));
}

}  // namespace phase::sim
