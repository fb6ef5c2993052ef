#include "tests/unit/boot/init/failing_calls.h"

#include <sys/syscall.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <utility>

extern "C" long syscall(long number, ...) noexcept;
struct stat;

namespace phase::test {
namespace {

Call planned_call = Call::kRead;
FailingCalls::Plan plan;
std::size_t next = 0;

/// The errno that the call is to fail with; 0: it is the real one's turn.
int fault(Call call) {
  if (call != planned_call || next >= plan.size()) return 0;
  return plan[next++]();
}

}  // namespace

FailingCalls::FailingCalls(Call call, Plan made) {
  planned_call = call;
  plan = std::move(made);
  next = 0;
}

FailingCalls::~FailingCalls() {
  plan.clear();
}

bool FailingCalls::met() {
  return next == plan.size();
}

}  // namespace phase::test

// The linker takes these before libc's.
extern "C" ssize_t read(int fd, void* out, std::size_t size) {
  if (const int error = phase::test::fault(phase::test::Call::kRead); error != 0) {
    errno = error;
    return -1;
  }
  return syscall(SYS_read, fd, out, size);
}

extern "C" int fstat(int fd, struct stat* out) noexcept {
  if (const int error = phase::test::fault(phase::test::Call::kFstat); error != 0) {
    errno = error;
    return -1;
  }
  return static_cast<int>(syscall(SYS_fstat, fd, out));
}
