#include "dht/lan/program_io.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "dht/lan/confine.h"

namespace phase::dht::lan {

void say(const Report& report) {
  const std::string line = encode(report);
  std::string_view left = line;
  while (!left.empty()) {
    const ssize_t done = write(STDOUT_FILENO, left.data(), left.size());
    if (done < 0 && errno == EINTR && !asked_to_end()) continue;
    if (done <= 0) return ask_to_end();
    left.remove_prefix(static_cast<std::size_t>(done));
  }
}

void CommandInput::read(const std::function<void(Command)>& take) {
  char bytes[4096];
  const ssize_t got = ::read(STDIN_FILENO, bytes, sizeof bytes);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) return ask_to_end();
  const auto lines = lines_.push({bytes, static_cast<std::size_t>(got)});
  if (!lines) return ask_to_end();
  for (const auto& line : *lines) {
    auto command = decode_command(line);
    if (!command) return ask_to_end();
    take(std::move(*command));
  }
}

}  // namespace phase::dht::lan
