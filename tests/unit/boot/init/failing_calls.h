// Has the next calls of this test program's read() or fstat() do what a disk, a signal or somebody
// else may do to them: fail, or find the file changed. One at a time, in one thread.
#pragma once

#include <functional>
#include <vector>

namespace phase::test {

enum class Call { kRead, kFstat };

class FailingCalls {
 public:
  /// Asked in order before each such call: an errno to fail with, or 0 for the real call. Calls
  /// after the last one are real.
  using Plan = std::vector<std::function<int()>>;
  FailingCalls(Call call, Plan plan);
  ~FailingCalls();
  FailingCalls(const FailingCalls&) = delete;
  FailingCalls& operator=(const FailingCalls&) = delete;

  /// A test in which the fault was never met proves nothing.
  [[nodiscard]] static bool met();
};

}  // namespace phase::test
