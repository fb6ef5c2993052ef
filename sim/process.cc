#include "sim/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <regex>
#include <utility>

#include "sim/command.h"
#include "sim/pidfd.h"

extern char** environ;

namespace phase::sim {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  [[nodiscard]] int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Result<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), X_OK) == 0) return name;
    return Error{ErrorCode::kNotFound, name + ": " + std::strerror(errno)};
  }
  const char* path = std::getenv("PATH");
  // Where ip, tc and dnsmasq are is not in every user's PATH.
  std::string folders = std::string(path != nullptr ? path : "/usr/bin:/bin") + ":/usr/sbin:/sbin";
  for (std::size_t begin = 0; begin < folders.size();) {
    const auto end = std::min(folders.find(':', begin), folders.size());
    std::string candidate = folders.substr(begin, end - begin) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return Error{ErrorCode::kNotFound, name + ": no such program; deploy/install-deps.sh installs it"};
}

Result<Descriptor> open_file(const std::string& path, int flags) {
  Descriptor file{::open(path.c_str(), flags | O_CLOEXEC, 0644)};
  if (file.get() < 0) return Error{ErrorCode::kStore, path + ": " + std::strerror(errno)};
  return file;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

/// Between fork and exec of a program with threads: system calls only. What fails goes to
/// `failure`, which exec closes.
[[noreturn]] void become(const char* program, char** argv, char** envp, int netns, int input,
                         int output, int failure) {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const bool ready = (netns < 0 || ::setns(netns, CLONE_NEWNET) == 0) && ::dup2(input, 0) == 0 &&
                     ::dup2(output, 1) == 1 && ::dup2(output, 2) == 2;
  if (ready) ::execve(program, argv, envp);
  const int reason = errno;
  if (::write(failure, &reason, sizeof reason) < 0) ::_exit(126);
  ::_exit(127);
}

/// Waits until the child is the program that it was to become; 0, or why it is not.
int await_exec(int failure) {
  int reason = 0;
  ssize_t got = -1;
  do got = ::read(failure, &reason, sizeof reason);
  while (got < 0 && errno == EINTR);
  return got == ssize_t{sizeof reason} ? reason : 0;
}

}  // namespace

std::string ExitStatus::text() const {
  if (signal != 0) return "ended by signal " + std::to_string(signal);
  return "exit status " + std::to_string(code);
}

Result<std::unique_ptr<Process>> Process::start(ProcessOptions options) {
  check(!options.argv.empty(), "a process has a program");
  auto program = find_program(options.argv.front());
  if (!program) return program.error();
  auto input =
      open_file(options.input_file.empty() ? "/dev/null" : options.input_file, O_RDONLY);
  if (!input) return input.error();
  Descriptor netns;
  if (!options.netns.empty()) {
    auto opened = open_file("/run/netns/" + options.netns, O_RDONLY);
    if (!opened) return opened.error();
    netns = std::move(*opened);
  }
  Descriptor log;
  if (!options.log_file.empty()) {
    auto opened = open_file(options.log_file, O_WRONLY | O_CREAT | O_APPEND);
    if (!opened) return opened.error();
    log = std::move(*opened);
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return Error{ErrorCode::kInternal, std::string("pipe: ") + std::strerror(errno)};
  }
  Descriptor output{ends[0]};
  Descriptor written{ends[1]};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return Error{ErrorCode::kInternal, std::string("pipe: ") + std::strerror(errno)};
  }
  Descriptor failure{ends[0]};
  Descriptor failing{ends[1]};

  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  // Of two entries with one name, getenv() takes the first.
  environment.insert(environment.begin(), options.environment.begin(), options.environment.end());
  auto argv = pointers(options.argv);
  auto envp = pointers(environment);

  const pid_t pid = ::fork();
  if (pid == 0) {
    become(program->c_str(), argv.data(), envp.data(), netns.get(), input->get(), written.get(),
           failing.get());
  }
  if (pid < 0) return Error{ErrorCode::kInternal, std::string("fork: ") + std::strerror(errno)};
  failing = Descriptor{};
  if (const int reason = await_exec(failure.get()); reason != 0) {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return Error{ErrorCode::kInternal, *program + " cannot be started: " + std::strerror(reason)};
  }

  std::unique_ptr<Process> process{new Process};
  process->name_ = command_line(options.argv);
  process->pid_ = pid;
  process->pidfd_ = ::pidfd_open(pid, 0);
  process->on_line_ = std::move(options.on_line);
  process->on_end_ = std::move(options.on_end);
  ::fcntl(output.get(), F_SETFL, O_NONBLOCK);
  process->reader_ = std::thread(
      [raw = process.get(), pipe = output.release(), file = log.release()] {
        raw->read_until_end(pipe, file);
      });
  return process;
}

Process::~Process() {
  signal(SIGKILL);
  if (reader_.joinable()) reader_.join();
  if (pidfd_ >= 0) ::close(pidfd_);
}

void Process::drain(int pipe, int log) {
  std::array<char, 16384> buffer;
  for (;;) {
    const auto got = ::read(pipe, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    const std::string_view bytes{buffer.data(), static_cast<std::size_t>(got)};
    if (log >= 0 && ::write(log, bytes.data(), bytes.size()) < 0) {
      log = -1;  // A full disk ends the log, not the run.
    }
    take(bytes);
  }
}

void Process::read_until_end(int pipe, int log) {
  Descriptor pipe_owner{pipe};
  Descriptor log_owner{log};
  // The pipe alone does not tell the end: a grandchild may hold it open.
  std::array<pollfd, 2> watched{{{pipe, POLLIN, 0}, {pidfd_, POLLIN, 0}}};
  for (;;) {
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) break;
    const bool ended = (watched[1].revents & POLLIN) != 0;
    drain(pipe, log);
    if (ended) break;
    if ((watched[0].revents & POLLHUP) != 0) watched[0].fd = -1;
  }
  if (!partial_.empty()) end_line();
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  const ExitStatus ended = WIFSIGNALED(status) ? ExitStatus{0, WTERMSIG(status)}
                                               : ExitStatus{WEXITSTATUS(status), 0};
  {
    const std::lock_guard lock(mutex_);
    status_ = ended;
    changed_.notify_all();
  }
  if (on_end_) on_end_(ended);
}

void Process::take(std::string_view bytes) {
  for (const char c : bytes) {
    if (c == '\n') {
      end_line();
    } else if (c != '\r' && partial_.size() < kMaxLineBytes) {
      partial_ += c;
    }
  }
}

void Process::end_line() {
  if (on_line_) on_line_(partial_);
  const std::lock_guard lock(mutex_);
  lines_.push_back(std::exchange(partial_, {}));
  if (lines_.size() > kMaxKeptLines) {
    lines_.pop_front();
    ++first_line_;
  }
  changed_.notify_all();
}

Result<LineMatch> Process::wait_for_line(const std::string& pattern,
                                         std::chrono::milliseconds timeout, std::uint64_t from) {
  const std::regex expression(pattern);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::unique_lock lock(mutex_);
  std::uint64_t next = from;
  for (;;) {
    for (next = std::max(next, first_line_); next < first_line_ + lines_.size(); ++next) {
      std::smatch match;
      if (!std::regex_search(lines_[next - first_line_], match, expression)) continue;
      LineMatch found{next, {}};
      for (const auto& group : match) found.groups.push_back(group.str());
      return found;
    }
    const bool ended = status_.has_value();
    if (ended || changed_.wait_until(lock, deadline) == std::cv_status::timeout) {
      const auto why = ended ? status_->text() + " before a line with "
                             : "no line within " + std::to_string(timeout.count()) + " ms with ";
      lock.unlock();
      return Error{ended ? ErrorCode::kCancelled : ErrorCode::kTimeout,
                   name_ + ": " + why + "/" + pattern + "/; it printed:\n" + last_lines(40)};
    }
  }
}

Result<ExitStatus> Process::wait(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  if (changed_.wait_for(lock, timeout, [this] { return status_.has_value(); })) return *status_;
  lock.unlock();
  return Error{ErrorCode::kTimeout, name_ + ": still runs after " +
                                        std::to_string(timeout.count()) + " ms; it printed:\n" +
                                        last_lines(40)};
}

void Process::signal(int number) {
  // Through the pidfd: the number of a process that was reaped may be another's by now.
  if (pidfd_ >= 0) ::pidfd_send_signal(pidfd_, number, nullptr, 0);
}

Result<ExitStatus> Process::stop(std::chrono::milliseconds timeout) {
  signal(SIGTERM);
  auto status = wait(timeout);
  if (!status) signal(SIGKILL);
  return status;
}

bool Process::running() const {
  const std::lock_guard lock(mutex_);
  return !status_.has_value();
}

std::string Process::last_lines(std::size_t count) const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (std::size_t i = lines_.size() - std::min(count, lines_.size()); i < lines_.size(); ++i) {
    text += "  | " + lines_[i] + "\n";
  }
  return text;
}

std::vector<std::string> Process::lines_matching(const std::string& pattern) const {
  const std::regex expression(pattern);
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& line : lines_) {
    if (std::regex_search(line, expression)) out.push_back(line);
  }
  return out;
}

}  // namespace phase::sim
