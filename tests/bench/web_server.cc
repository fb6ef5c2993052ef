#include "tests/bench/web_server.h"

#include <fstream>

#include "tests/bench/bench.h"

namespace phase::bench {

std::unique_ptr<sim::Process> start_nginx(sim::World& world, const std::string& host,
                                          const std::string& address, const std::string& root) {
  const std::string config = root + "/nginx.conf";
  std::ofstream(config) << "daemon off; user root; error_log /dev/null; pid nginx.pid; events {}\n"
                           "http { access_log off; sendfile on; server { listen 8088; root "
                        << root << "; } }\n";
  auto nginx = must(world.shell().start(host, {"nginx", "-p", root, "-c", config}));
  (void)must(world.shell().run(
      world.router().name, {"curl", "--silent", "--fail", "--retry", "40", "--retry-connrefused",
                            "--retry-delay", "1", "--output", "/dev/null",
                            "http://" + address + ":8088/nginx.conf"}));
  return nginx;
}

}  // namespace phase::bench
