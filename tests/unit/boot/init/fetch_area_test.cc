// Goal: after freeze() nobody but PID 1 can change a byte, and where somebody could, nothing is
// loaded. Method: real mounts in a mount namespace of the test's own, in a child process; without
// root in a user namespace, where the test's user is root.
#include "boot/init/fetch_area.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <functional>

#include "boot/init/small_file.h"
#include "boot/machine/child.h"
#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

using test::TempFolder;

constexpr std::uint64_t kRoom = 1 << 20;

MonoTime in_ms(int ms) { return system_clock().now() + std::chrono::milliseconds(ms); }

bool own_namespace() {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  if (::unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return false;
  if (uid != 0 &&
      (!write_small_file("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1") ||
       !write_small_file("/proc/self/setgroups", "deny") ||
       !write_small_file("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1"))) {
    return false;
  }
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

/// Runs `body` in namespaces of its own; it returns what failed, empty: nothing.
std::string isolated(const std::function<std::string(const std::string& folder)>& body) {
  const TempFolder folder;
  int ends[2];
  if (::pipe(ends) != 0) return "pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    const std::string failed = own_namespace() ? body(folder.path()) : "namespaces are not allowed";
    (void)write_descriptor(ends[1], as_bytes(failed));
    ::_exit(0);
  }
  ::close(ends[1]);
  const auto failed = read_descriptor(ends[0], 4096);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!failed || status != 0) return "the child ended with status " + std::to_string(status);
  return std::string(as_text(*failed));
}

std::string told(const Result<void>& result) {
  return result.ok() ? "" : std::string(error_name(result.error().code)) + ": " +
                                result.error().detail;
}

TEST(FetchArea, FrozenItTakesNoByteAndThawedItDoes) {
  EXPECT_EQ(isolated([](const std::string& folder) -> std::string {
              auto area = FetchArea::mount(folder + "/a", kRoom, 0);
              if (!area) return area.error().detail;
              const std::string file = area->path() + "/phase-x/kernel";
              std::filesystem::create_directory(area->path() + "/phase-x");
              if (!write_small_file(file, "bytes")) return "not writable at first";
              if (auto done = area->freeze(in_ms(2000), system_clock()); !done) return told(done);
              if (write_small_file(file, "other")) return "written after freeze";
              if (write_small_file(area->path() + "/new", "x")) return "created after freeze";
              if (read_small_file(file, 100) != "bytes") return "not what was written";
              struct stat status {};
              if (::stat(file.c_str(), &status) != 0 || status.st_uid != 0 ||
                  (status.st_mode & 07777) != 0444) {
                return "not handed to root";
              }
              if (auto done = area->thaw(); !done) return told(done);
              if (!write_small_file(area->path() + "/new", "x")) return "not writable after thaw";
              if (auto done = area->freeze_again(in_ms(2000), system_clock()); !done) {
                return told(done);
              }
              return write_small_file(file, "y") ? "written after the second freeze" : "";
            }),
            "");
}

TEST(FetchArea, RefusesWhileSomebodyHoldsAWritableDescriptor) {
  EXPECT_EQ(isolated([](const std::string& folder) -> std::string {
              auto area = FetchArea::mount(folder + "/a", kRoom, 0);
              if (!area) return area.error().detail;
              const int fd = ::open((area->path() + "/f").c_str(), O_RDWR | O_CREAT, 0644);
              const auto refused = area->freeze(in_ms(200), system_clock());
              if (refused.ok()) return "frozen under a writer";
              if (refused.error().code != ErrorCode::kTimeout) return told(refused);
              ::close(fd);
              return told(area->freeze(in_ms(2000), system_clock()));
            }),
            "");
}

TEST(FetchArea, RefusesWhileSomebodyHoldsAWritableMapping) {
  EXPECT_EQ(isolated([](const std::string& folder) -> std::string {
              auto area = FetchArea::mount(folder + "/a", kRoom, 0);
              if (!area) return area.error().detail;
              const int fd = ::open((area->path() + "/f").c_str(), O_RDWR | O_CREAT, 0644);
              if (::ftruncate(fd, 4096) != 0) return "truncate";
              void* at = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
              ::close(fd);
              if (at == MAP_FAILED) return "mmap";
              if (area->freeze(in_ms(200), system_clock()).ok()) return "frozen under a mapping";
              ::munmap(at, 4096);
              return told(area->freeze(in_ms(2000), system_clock()));
            }),
            "");
}

TEST(FetchArea, AReaderIsNoHindrance) {
  EXPECT_EQ(isolated([](const std::string& folder) -> std::string {
              auto area = FetchArea::mount(folder + "/a", kRoom, 0);
              if (!area) return area.error().detail;
              if (!write_small_file(area->path() + "/f", "x")) return "write";
              const int fd = ::open((area->path() + "/f").c_str(), O_RDONLY);
              const std::string failed = told(area->freeze(in_ms(2000), system_clock()));
              ::close(fd);
              return failed;
            }),
            "");
}

TEST(FetchArea, RefusesAnythingButFilesAndFolders) {
  const std::function<bool(const std::string&)> makers[] = {
      [](const std::string& path) { return ::symlink("/etc/passwd", (path + "/f").c_str()) == 0; },
      [](const std::string& path) { return ::mkfifo((path + "/f").c_str(), 0600) == 0; },
      [](const std::string& path) {
        return write_small_file(path + "/f", "x") &&
               ::link((path + "/f").c_str(), (path + "/g").c_str()) == 0;
      },
      [](const std::string& path) {
        return std::filesystem::create_directories(path + "/1/2/3/4/5/6/7/8/9/10");
      }};
  for (const auto& make : makers) {
    EXPECT_EQ(isolated([&](const std::string& folder) -> std::string {
                auto area = FetchArea::mount(folder + "/a", kRoom, 0);
                if (!area) return area.error().detail;
                if (!make(area->path())) return "could not be made";
                const auto refused = area->freeze(in_ms(1000), system_clock());
                if (refused.ok()) return "accepted";
                return refused.error().code == ErrorCode::kAltered ? "" : told(refused);
              }),
              "");
  }
}

TEST(FetchArea, HoldsItsSizeAndGoesAway) {
  EXPECT_EQ(isolated([](const std::string& folder) -> std::string {
              {
                auto area = FetchArea::mount(folder + "/a", kRoom, 0);
                if (!area) return area.error().detail;
                if (write_small_file(area->path() + "/f", std::string(2 * kRoom, 'x'))) {
                  return "more than its size";
                }
              }
              return ::access((folder + "/a/f").c_str(), F_OK) == 0 ? "still mounted" : "";
            }),
            "");
}

TEST(EndProcesses, EndsThemAndWhatTheyForked) {
  ASSERT_EQ(::geteuid(), 0u) << "run as root, as deploy/test.sh does";
  constexpr uid_t kUid = 59'902;
  Confinement confinement;
  confinement.uid = kUid;
  confinement.gid = kUid;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  confinement.descriptors = {{ends[1], 1}};
  auto child = spawn("/bin/sh", {"-c", "sleep 1000 & echo up; exec sleep 1000"}, {}, confinement);
  ASSERT_TRUE(child.ok()) << child.error().detail;
  ::close(ends[1]);
  char up[3];
  ASSERT_EQ(::read(ends[0], up, sizeof up), 3);

  ASSERT_TRUE(end_processes_of(kUid).ok());

  EXPECT_EQ(wait_until(*child, in_ms(10'000)), 128 + SIGKILL);
  // The pipe ends with the last of them, the forked one included.
  EXPECT_EQ(::read(ends[0], up, 1), 0);
  ::close(ends[0]);
  EXPECT_TRUE(end_processes_of(kUid).ok()) << "nobody there is no error";
}

}  // namespace
}  // namespace phase::boot
