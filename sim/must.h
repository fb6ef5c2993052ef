// sim/must.h
// For programs that end where anything fails (tests, benchmarks): the value, or an exception with
// what was said.
#pragma once

#include <stdexcept>
#include <utility>

#include "proto/result.h"

namespace phase::sim {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().detail);
  return std::move(*result);
}
inline void must(Result<void> result) {
  if (!result) throw std::runtime_error(result.error().detail);
}

}  // namespace phase::sim
