// node/serve_events.h
// Waits in a thread of its own for what a running node reacts to beside the network: signals and
// changes of the store by other processes (`plasmd publish`), through signalfd and inotify.
//
// The signals are blocked in the whole process by the constructor: make it before any thread.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "proto/result.h"

namespace phase::node {

class ServeEvents {
 public:
  ServeEvents();
  ~ServeEvents();
  ServeEvents(const ServeEvents&) = delete;
  ServeEvents& operator=(const ServeEvents&) = delete;

  /// Begins to wait; `wake` is called from the thread after each change of the flags below.
  /// `folders` are the store's pointers and chains of roots: a file renamed into one or below it is
  /// a published release or a newer root.
  Result<void> start(std::vector<std::string> folders, std::function<void()> wake);

  [[nodiscard]] bool ended() const { return ended_.load(); }        ///< SIGTERM or SIGINT came.
  [[nodiscard]] bool take_reload() { return reload_.exchange(false); }    ///< SIGHUP came.
  [[nodiscard]] bool take_published() { return published_.exchange(false); }

 private:
  void run();
  void watch_below(const std::string& folder, int depth);
  void read_signals();
  void read_changes();

  int signals_ = -1, changes_ = -1, stop_ = -1;
  std::vector<std::string> folders_;
  std::function<void()> wake_;
  std::atomic<bool> ended_ = false, reload_ = false, published_ = false;
  std::thread thread_;
};

}  // namespace phase::node
