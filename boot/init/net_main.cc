// phase-net: the network child of phase-init. Holds no privilege; what it fetches is verified
// again by another process before anything is started.
#include <unistd.h>

#include <cstdio>

#include "boot/init/net_loop.h"
#include "boot/init/net_options.h"

int main(int argc, char** argv) {
  using phase::boot::StatusLine;
  const auto say = [](const StatusLine& line) {
    std::fputs(phase::boot::format_status(line).c_str(), stdout);
    std::fflush(stdout);
  };
  int status = 0;
  auto options = phase::boot::parse_net_options({argv + 1, argv + argc});
  auto folder = options ? phase::boot::fetch_release(*options, phase::system_clock(), say)
                        : phase::Result<std::string>(options.error());
  if (!folder) {
    say({StatusLine::Kind::kFailed, folder.error().detail, folder.error().code});
    status = phase::exit_code(folder.error().code);
  } else {
    say({StatusLine::Kind::kDone, *folder, {}});
  }
  // A name that is still being looked up must not meet destructors.
  ::_exit(status);
}
