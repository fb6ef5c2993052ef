// phase-process-probe: stands before phase-init in a test's initramfs (rdinit=). Its child looks at
// every process in /proc until the machine ends and says on the console what each may do; itself it
// becomes phase-init. So what is seen is what a booted machine's kernel says, and phase-init has no
// part in it.
//   PROBE pid=57 uid=901 name=phase-net effective=… bounding=… ambient=… no-new-privs=1 seccomp=2
// A line is said once a process was seen unchanged twice in a row, and again when it has changed.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

namespace {

std::string read_file(const std::string& path) {
  std::string text;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  char block[4096];
  for (ssize_t got; (got = read(fd, block, sizeof block)) > 0;) {
    text.append(block, static_cast<std::size_t>(got));
  }
  close(fd);
  return text;
}

/// The first word behind "\nNAME:\t".
std::string field(const std::string& status, const char* name) {
  const std::string head = std::string("\n") + name + ":\t";
  const auto at = status.find(head);
  if (at == std::string::npos) return {};
  const auto begin = at + head.size();
  return status.substr(begin, status.find_first_of("\t\n", begin) - begin);
}

/// Empty for threads of the kernel and for what has ended.
std::string rights_of(const std::string& pid) {
  const std::string status = "\n" + read_file("/proc/" + pid + "/status");
  if (field(status, "VmSize").empty()) return {};
  return "uid=" + field(status, "Uid") + " name=" + field(status, "Name") +
         " effective=" + field(status, "CapEff") + " bounding=" + field(status, "CapBnd") +
         " ambient=" + field(status, "CapAmb") + " no-new-privs=" + field(status, "NoNewPrivs") +
         " seccomp=" + field(status, "Seccomp");
}

bool is_of_kernel(const std::string& pid) {
  return pid == "2" || field("\n" + read_file("/proc/" + pid + "/status"), "PPid") == "2";
}

struct Seen {
  std::string last, said;
  bool kernel = false;  ///< A thread of the kernel's: it stays one, and there are many.
};

void look(std::map<std::string, Seen>& known, int console) {
  DIR* processes = opendir("/proc");
  if (processes == nullptr) return;  // Not mounted yet.
  while (const dirent* entry = readdir(processes)) {
    const std::string pid = entry->d_name;
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    Seen& seen = known[pid];
    if (seen.kernel) continue;
    std::string now = rights_of(pid);
    if (!now.empty() && now == seen.last && now != seen.said) {
      const std::string line = "\nPROBE pid=" + pid + " " + now + "\n";
      if (write(console, line.data(), line.size()) > 0) seen.said = now;
    }
    seen.kernel = now.empty() && is_of_kernel(pid);
    seen.last = std::move(now);
  }
  closedir(processes);
}

[[noreturn]] void watch() {
  setpriority(PRIO_PROCESS, 0, -20);
  const int console = open("/dev/console", O_WRONLY | O_CLOEXEC | O_NOCTTY);
  std::map<std::string, Seen> known;
  for (;;) {
    look(known, console);
    poll(nullptr, 0, 5);  // Nothing tells when a process changes its rights.
  }
}

}  // namespace

int main(int /*argc*/, char** argv) {
  if (fork() == 0) watch();
  execv("/init", argv);
  std::perror("/init");
  return 1;
}
