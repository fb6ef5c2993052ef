// tests/integration/in_network.h
// Has the calling thread, and the threads and processes that it starts meanwhile, live in the
// network namespace of a simulated host: sockets keep the network that they were made in.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "sim/network.h"

namespace phase {

class InNetwork {
 public:
  explicit InNetwork(const sim::Host& host)
      : before_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    const int there = ::open(("/run/netns/" + host.name).c_str(), O_RDONLY | O_CLOEXEC);
    if (before_ < 0 || there < 0 || ::setns(there, CLONE_NEWNET) != 0) {
      throw std::runtime_error("cannot enter the network of " + host.name);
    }
    ::close(there);
  }
  ~InNetwork() {
    (void)::setns(before_, CLONE_NEWNET);
    ::close(before_);
  }
  InNetwork(const InNetwork&) = delete;
  InNetwork& operator=(const InNetwork&) = delete;

 private:
  int before_;
};

}  // namespace phase
