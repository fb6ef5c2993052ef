#include "dht/lan/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace phase::dht::lan {
namespace {

/// Initialised in the constructor, destroyed in the destructor.
class Actions {
 public:
  Actions(int input, int output) {
    posix_spawn_file_actions_init(&actions_);
    ok_ = posix_spawn_file_actions_adddup2(&actions_, input, 0) == 0 &&
          posix_spawn_file_actions_adddup2(&actions_, output, 1) == 0 &&
          posix_spawn_file_actions_addopen(&actions_, 2, "/dev/null", O_WRONLY, 0) == 0 &&
          posix_spawn_file_actions_addclosefrom_np(&actions_, 3) == 0;
    sigset_t signals;
    posix_spawnattr_init(&attributes_);
    // A group of its own: Ctrl-C at our terminal is ours to handle.
    ok_ = ok_ && posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP |
                                                            POSIX_SPAWN_SETSIGMASK |
                                                            POSIX_SPAWN_SETSIGDEF) == 0;
    sigemptyset(&signals);
    ok_ = ok_ && posix_spawnattr_setsigmask(&attributes_, &signals) == 0;
    sigfillset(&signals);
    ok_ = ok_ && posix_spawnattr_setsigdefault(&attributes_, &signals) == 0;
  }
  ~Actions() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;

  [[nodiscard]] int spawn(pid_t& pid, const std::string& program, char* const* argv,
                          char* const* envp) const {
    if (!ok_) return ENOMEM;
    return posix_spawn(&pid, program.c_str(), &actions_, &attributes_, argv, envp);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  bool ok_ = false;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Result<std::unique_ptr<Child>> Child::start(const std::string& program,
                                            const std::vector<std::string>& arguments) {
  int to_child[2];
  int from_child[2];
  // A socket: writing to a child that has ended must not raise SIGPIPE in whoever links this.
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, to_child) != 0) {
    return Error{ErrorCode::kInternal, program + ": socketpair: " + std::strerror(errno)};
  }
  const Fd its_input(to_child[0]);
  Fd our_input(to_child[1]);
  if (pipe2(from_child, O_CLOEXEC) != 0) {
    return Error{ErrorCode::kInternal, program + ": pipe: " + std::strerror(errno)};
  }
  Fd our_output(from_child[0]);
  const Fd its_output(from_child[1]);
  fcntl(our_input.get(), F_SETFL, O_NONBLOCK);
  fcntl(our_output.get(), F_SETFL, O_NONBLOCK);

  std::vector<std::string> argument_texts{program};
  argument_texts.insert(argument_texts.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment_texts;
  if (const char* bus = std::getenv("DBUS_SYSTEM_BUS_ADDRESS")) {
    environment_texts.push_back(std::string("DBUS_SYSTEM_BUS_ADDRESS=") + bus);
  }
  const auto argv = pointers(argument_texts);
  const auto envp = pointers(environment_texts);
  std::unique_ptr<Child> child(new Child);
  const int failed = Actions(its_input.get(), its_output.get())
                         .spawn(child->pid_, program, argv.data(), envp.data());
  if (failed != 0) {
    child->pid_ = -1;
    return Error{failed == ENOENT ? ErrorCode::kNotFound : ErrorCode::kInternal,
                 program + ": " + std::strerror(failed)};
  }
  child->input_ = std::move(our_input);
  child->output_ = std::move(our_output);
  return child;
}

Child::~Child() {
  kill();
  if (pid_ > 0) (void)reap();
}

std::string Child::read(bool& ended) {
  std::string out(16 * 1024, '\0');
  ssize_t got = -1;
  do {
    got = ::read(output_.get(), out.data(), out.size());
  } while (got < 0 && errno == EINTR);
  ended = got == 0 || (got < 0 && errno != EAGAIN);
  out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return out;
}

void Child::put(std::string bytes) {
  // What is begun goes out whole, or the line after it would be none.
  const auto end = begun_ ? unsent_.find('\n') + 1 : 0;
  unsent_.resize(end);
  unsent_ += bytes;
  send();
}

void Child::send() {
  while (wants_to_send()) {
    const ssize_t done = ::send(input_.get(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0 && errno == EAGAIN) return;
    if (done < 0) {  // It has ended; its output tells so too.
      unsent_.clear();
      return;
    }
    begun_ = unsent_[static_cast<std::size_t>(done) - 1] != '\n';
    unsent_.erase(0, static_cast<std::size_t>(done));
  }
}

void Child::kill() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

std::string Child::reap() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) return "ended, and somebody else was told how";
  }
  pid_ = -1;
  if (WIFSIGNALED(status)) {
    return std::string("ended by signal ") + std::to_string(WTERMSIG(status)) + " (" +
           strsignal(WTERMSIG(status)) + ")";
  }
  return "ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace phase::dht::lan
