#include "node/serve_events.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

namespace phase::node {
namespace {

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

/// Folders are named KEY/CHANNEL below the pointers' folder.
constexpr int kPointerDepth = 2;
constexpr std::uint32_t kChanges = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                   IN_CLOSE_WRITE | IN_ONLYDIR | IN_DONT_FOLLOW;

}  // namespace

ServeEvents::ServeEvents() {
  const sigset_t set = watched_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  changes_ = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  stop_ = eventfd(0, EFD_CLOEXEC);
  check(signals_ >= 0 && stop_ >= 0, "signalfd or eventfd");
}

ServeEvents::~ServeEvents() {
  if (thread_.joinable()) {
    eventfd_write(stop_, 1);
    thread_.join();
  }
  for (const int fd : {signals_, changes_, stop_}) {
    if (fd >= 0) ::close(fd);
  }
}

Result<void> ServeEvents::start(std::vector<std::string> folders, std::function<void()> wake) {
  folders_ = std::move(folders);
  wake_ = std::move(wake);
  if (changes_ < 0) {
    return {ErrorCode::kStore, "inotify: this user has no watches left; raise "
                               "fs.inotify.max_user_instances"};
  }
  for (const std::string& folder : folders_) watch_below(folder, kPointerDepth);
  thread_ = std::thread([this] { run(); });
  return {};
}

void ServeEvents::watch_below(const std::string& folder, int depth) {
  inotify_add_watch(changes_, folder.c_str(), kChanges);
  if (depth == 0) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), &::closedir);
  if (!open) return;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") watch_below(folder + "/" + name, depth - 1);
  }
}

void ServeEvents::run() {
  std::array<pollfd, 3> fds{{{signals_, POLLIN, 0}, {changes_, POLLIN, 0}, {stop_, POLLIN, 0}}};
  while (true) {
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return;
    if (fds[2].revents != 0) return;
    if (fds[0].revents != 0) read_signals();
    if (fds[1].revents != 0) read_changes();
    wake_();
  }
}

void ServeEvents::read_signals() {
  signalfd_siginfo info{};
  while (::read(signals_, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGHUP) reload_ = true;
    else ended_ = true;
  }
}

void ServeEvents::read_changes() {
  alignas(inotify_event) std::array<char, 4096> buffer{};
  // What changed does not matter: the store is looked at as a whole. New folders are watched, and
  // one that appeared before its watch did is caught because the look comes after it.
  while (::read(changes_, buffer.data(), buffer.size()) > 0) published_ = true;
  for (const std::string& folder : folders_) watch_below(folder, kPointerDepth);
}

}  // namespace phase::node
