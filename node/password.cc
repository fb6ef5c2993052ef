#include "node/password.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include "proto/fd.h"
#include "proto/minisign.h"
#include "proto/secret_file.h"

namespace phase::node {
namespace {

/// Signals that end or stop a process, held back while it lives; then they do what they do.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) sigaddset(&set, signal);
    ::pthread_sigmask(SIG_BLOCK, &set, &before_);
    arrived_ = Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  ~HeldSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  /// Waits until `fd` can be read: true, or false where a signal came first.
  [[nodiscard]] bool readable(int fd) const {
    std::array<pollfd, 2> both{{{fd, POLLIN, 0}, {arrived_.get(), POLLIN, 0}}};
    while (::poll(both.data(), both.size(), -1) < 0) {
      if (errno != EINTR) return false;
    }
    return both[1].revents == 0;
  }

 private:
  sigset_t before_{};
  Fd arrived_;
};

/// A terminal that shows nothing of what is typed while this lives.
class Silence {
 public:
  explicit Silence(int terminal) : terminal_(terminal) {
    off_ = ::tcgetattr(terminal, &before_) == 0;
    if (!off_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL | ICANON;
    off_ = ::tcsetattr(terminal, TCSAFLUSH, &silent) == 0;
  }
  ~Silence() {
    if (off_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  [[nodiscard]] bool off() const { return off_; }

 private:
  int terminal_;
  termios before_{};
  bool off_ = false;
};

Result<SecretBytes> first_line(SecretBytes text) {
  text.shrink(std::min(text.text().find_first_of("\r\n"), text.size()));
  if (text.size() == 0) return {ErrorCode::kUsage, "the password is empty"};
  if (text.size() > kMaxPassword) return {ErrorCode::kUsage, "the password is too long"};
  return text;
}

Result<SecretBytes> from_terminal(int terminal, std::string_view prompt) {
  // Signals are held back first and let through last, so that none of them leaves the echo off.
  const HeldSignals held;
  const Silence silence(terminal);
  if (!silence.off()) return {ErrorCode::kUsage, "the terminal's echo cannot be turned off"};
  (void)!::write(terminal, prompt.data(), prompt.size());
  if (!held.readable(terminal)) return {ErrorCode::kCancelled, "no password was given"};
  SecretBytes line(kMaxPassword + 2);  // a terminal gives one line, its end included
  const ssize_t got = ::read(terminal, line.data(), line.size());
  if (got <= 0) return {ErrorCode::kCancelled, "no password was given"};
  line.shrink(static_cast<std::size_t>(got));
  return first_line(std::move(line));
}

Result<SecretBytes> ask_terminal(const char* prompt, Ask ask) {
  const Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal.valid())
    return {ErrorCode::kUsage, "there is no terminal to ask for the password; give it with "
                               "--password-file FILE (- is standard input)"};
  auto first = from_terminal(terminal.get(), prompt);
  if (!first || ask == Ask::kOnce) return first;
  const auto second = from_terminal(terminal.get(), "The same again: ");
  if (!second) return second.error();
  if (first->text() != second->text()) return {ErrorCode::kUsage, "the two passwords differ"};
  return first;
}

}  // namespace

Result<SecretBytes> read_password(const std::string& file, const char* prompt, Ask ask) {
  if (file.empty()) return ask_terminal(prompt, ask);
  if (file == "-") {
    auto text = read_secret(STDIN_FILENO, "standard input", kMaxPassword + 2);
    if (!text) return text.error();
    return first_line(std::move(*text));
  }
  auto text = read_secret_file(file, kMaxPassword + 2);
  if (!text) return text.error();
  return first_line(std::move(text->bytes));
}

}  // namespace phase::node
