// Enters a sandbox, starts in it what sandboxes hold, says so and stays until it is killed.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "sim/network.h"
#include "sim/sandbox.h"

int main(int argc, char** argv) {
  auto sandbox = phase::sim::enter_sandbox();
  if (!sandbox) {
    std::fprintf(stderr, "%s\n", sandbox.error().detail.c_str());
    return 1;
  }
  if (argc > 1) return std::stoi(argv[1]);
  auto network = phase::sim::Network::create();
  if (!network) return 1;
  auto host = (*network)->add_host("probe", "10.77.0.2");
  const std::string folder = sandbox->scratch + "/mounted";
  if (!host || ::mkdir(folder.c_str(), 0755) != 0 ||
      ::mount("phase-probe", folder.c_str(), "tmpfs", 0, nullptr) != 0) {
    return 1;
  }
  phase::sim::ProcessOptions options;
  options.argv = {"sleep", "infinity"};
  options.netns = host->name;
  auto sleeper = phase::sim::Process::start(options);
  if (!sleeper) return 1;
  std::printf("ready %d\n", sandbox->first_process);
  std::fflush(stdout);
  for (;;) ::pause();
}
