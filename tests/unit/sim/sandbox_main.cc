// main() of test binaries whose tests run inside a sandbox.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>

#include "sim/sandbox.h"

int main(int argc, char** argv) {
  bool list_only = false;
  for (int i = 1; i < argc; ++i) list_only |= std::strcmp(argv[i], "--gtest_list_tests") == 0;
  testing::InitGoogleTest(&argc, argv);
  if (!list_only) {
    auto sandbox = phase::sim::enter_sandbox();
    if (!sandbox) {
      std::fprintf(stderr, "%s\n", sandbox.error().detail.c_str());
      return 1;
    }
  }
  return RUN_ALL_TESTS();
}
