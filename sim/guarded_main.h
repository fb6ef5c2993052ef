// sim/guarded_main.h
// main() of a small program: what `run` throws is said on stderr and becomes its exit status.
#pragma once

#include <cstdio>
#include <exception>

#include "proto/result.h"

namespace phase::sim {

inline int guarded_main(int argc, char** argv, int (*run)(int, char**)) noexcept {
  try {
    return run(argc, argv);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s: %s\n", argv[0], failure.what());
    return exit_code(ErrorCode::kInternal);
  }
}

}  // namespace phase::sim
