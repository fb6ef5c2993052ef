// main() of phase-hostile-tests: in a sandbox, so many rounds as hostile_rounds.h says.
#include <gtest/gtest.h>

#include <iostream>

#include "sim/sandbox.h"
#include "tests/integration/hostile_rounds.h"

int main(int argc, char** argv) {
  using phase::hostile_test::Rounds;
  testing::InitGoogleTest(&argc, argv);
  if (!GTEST_FLAG_GET(list_tests)) {
    if (auto sandbox = phase::sim::enter_sandbox(); !sandbox) {
      std::cerr << sandbox.error().detail << "\n";
      return 1;
    }
    // gtest owns and deletes it.
    testing::UnitTest::GetInstance()->listeners().Append(new Rounds);
    GTEST_FLAG_SET(repeat, Rounds::wanted());
  }
  return RUN_ALL_TESTS();
}
