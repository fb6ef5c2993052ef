#include "node/progress_line.h"

#include <unistd.h>

#include <cerrno>

#include "boot/fetch_text.h"

namespace phase::node {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kOnATerminal{200};
constexpr milliseconds kElsewhere{1000};
/// To the line's begin, and what stands there goes.
constexpr const char* kAnew = "\r\033[K";

}  // namespace

ProgressLine::ProgressLine(const Clock& clock, int fd)
    : clock_(clock), fd_(fd), terminal_(::isatty(fd) == 1) {}

void ProgressLine::write(const std::string& text) const {
  for (std::size_t done = 0; done < text.size();) {
    const auto put = ::write(fd_, text.data() + done, text.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return;  // Nobody reads it any more; the fetch goes on.
    done += static_cast<std::size_t>(put);
  }
}

void ProgressLine::message(const std::string& line) {
  write((open_line_ ? kAnew : "") + line + "\n");
  open_line_ = false;
}

void ProgressLine::progress(boot::Stage stage, const dht::ReleaseStatus& status) {
  if (stage < boot::Stage::kArtifacts || stage == boot::Stage::kFailed || status.wanted == 0) return;
  const bool whole = status.done >= status.wanted;
  if (stage != boot::Stage::kArtifacts && !whole) return;
  const MonoTime now = clock_.now();
  // The last one is shown whenever it comes, and once.
  const bool due = whole ? !whole_ : now - shown_ >= (terminal_ ? kOnATerminal : kElsewhere);
  whole_ = whole;
  if (!due) return;
  shown_ = now;
  write((terminal_ ? kAnew : "") + boot::progress_text(status) + (terminal_ ? "" : "\n"));
  open_line_ = terminal_;
}

void ProgressLine::end_line() {
  if (open_line_) write("\n");
  open_line_ = false;
}

}  // namespace phase::node
