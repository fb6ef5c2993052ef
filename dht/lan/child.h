// dht/lan/child.h
// One of our programs with pipes at its stdin and stdout. Adapter over posix_spawn.
// Threads: one, which lives as long as the child: when it ends, the kernel ends the child.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/fd.h"
#include "proto/result.h"

namespace phase::dht::lan {

class Child {
 public:
  /// Nothing of ours is open in it but the pipes; stderr is /dev/null. Of our environment it
  /// gets where the bus is, if that is said.
  static Result<std::unique_ptr<Child>> start(const std::string& program,
                                              const std::vector<std::string>& arguments);
  ~Child();  ///< Kills and reaps it where it still runs.
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Asks it to end: its stdin ends.
  void close_input() { input_.reset(); }
  /// What it said; empty: nothing for now. `ended`: it says no more.
  [[nodiscard]] std::string read(bool& ended);
  /// Queues `bytes`, instead of what was queued and not begun; send() writes.
  void put(std::string bytes);
  void send();
  [[nodiscard]] bool wants_to_send() const { return input_.valid() && !unsent_.empty(); }

  [[nodiscard]] int output() const { return output_.get(); }
  [[nodiscard]] int input() const { return input_.get(); }
  /// Waits for its end, after its output has ended or it was killed. How it ended, for a person.
  std::string reap();
  void kill();

 private:
  Child() = default;
  pid_t pid_ = -1;
  Fd input_, output_;  ///< Ours: to its stdin, from its stdout.
  std::string unsent_;
  bool begun_ = false;  ///< A part of unsent_'s first line is out.
};

}  // namespace phase::dht::lan
