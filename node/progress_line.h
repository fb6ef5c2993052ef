// node/progress_line.h
// How `plasmd fetch` shows itself: on a terminal one line that is rewritten, elsewhere a plain line a
// second; what is worth reading later stands above it. Threads: the owner's.
#pragma once

#include <string>

#include "node/run_fetch.h"

namespace phase::node {

class ProgressLine final : public FetchWatcher {
 public:
  /// `clock` is borrowed; `fd` stays the owner's, which a terminal is asked of.
  ProgressLine(const Clock& clock, int fd);

  void message(const std::string& line) override;
  void progress(boot::Stage stage, const dht::ReleaseStatus& status) override;
  /// What is printed next begins on a line of its own.
  void end_line();

 private:
  void write(const std::string& text) const;

  const Clock& clock_;
  int fd_;
  bool terminal_;
  bool open_line_ = false;
  bool whole_ = false;  ///< All of it was shown.
  MonoTime shown_{};
};

}  // namespace phase::node
