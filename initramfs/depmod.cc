#include "initramfs/depmod.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <vector>

#include "initramfs/input_file.h"

namespace phase::initramfs {
namespace {

constexpr std::size_t kShownBytes = 400;

/// depmod stands in /sbin, which is not in everybody's PATH.
std::string find_depmod() {
  for (const char* path : {"/usr/sbin/depmod", "/sbin/depmod", "/usr/bin/depmod", "/bin/depmod"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return {};
}

/// True where the child ended within the deadline; it is killed and reaped otherwise.
bool wait_for(pid_t child, std::chrono::seconds deadline, int& status) {
  // glibc 2.36 declares pidfd_open() without C linkage, so it is called by its number.
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  pollfd ended{handle, POLLIN, 0};
  int answer = 0;
  do {
    answer = ::poll(&ended, 1, static_cast<int>(std::chrono::milliseconds(deadline).count()));
  } while (answer < 0 && errno == EINTR);
  if (handle >= 0) ::close(handle);
  if (answer <= 0) ::kill(child, SIGKILL);
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return answer > 0;
}

std::string first_words_of(const std::string& log) {
  const auto file = read_input(log, 1 << 20);
  if (!file) return {};
  std::string text(as_text(file->content).substr(0, kShownBytes));
  for (char& c : text) {
    if (c == '\n') c = ';';
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

}  // namespace

Result<void> run_depmod(const std::string& base, const std::string& release,
                        std::chrono::seconds deadline) {
  const std::string program = find_depmod();
  if (program.empty()) {
    return {ErrorCode::kNotFound, "depmod is not installed here; install the package kmod"};
  }
  const std::string log = base + "/depmod.log";
  std::vector<std::string> words{program, "-b", base, release};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char* environment[] = {path, nullptr};

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child = 0;
  const int failed =
      ::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), environment);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    return {ErrorCode::kStore,
            program + ": cannot be started: " + std::generic_category().message(failed)};
  }
  int status = 0;
  if (!wait_for(child, deadline, status)) {
    return {ErrorCode::kMalformed, "depmod did not end within " + std::to_string(deadline.count()) +
                                       " s on the modules of " + release};
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return {ErrorCode::kMalformed,
            "depmod fails on the modules of " + release + ": " + first_words_of(log)};
  }
  return {};
}

}  // namespace phase::initramfs
