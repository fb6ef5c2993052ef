// tests/bench/bench.h
// Measures beside a named peer in the same run. Each part prints its own table.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "proto/result.h"
#include "sim/shell.h"

namespace phase::bench {

/// The value; an error ends the program with what was said.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().detail);
  return std::move(*result);
}
inline void must(Result<void> result) {
  if (!result) throw std::runtime_error(result.error().detail);
}

[[nodiscard]] double median(std::vector<double> values);
[[nodiscard]] double largest(const std::vector<double>& values);

/// Discovery from empty node state, and fetch against curl from nginx over one shaped link.
void run_native(sim::Shell& shell, const std::string& scratch, int runs);
/// A machine's stages, its initramfs, and the least memory it boots with.
void run_guest(sim::Shell& shell, const std::string& scratch, const std::string& kernel_package,
               bool least_memory);

}  // namespace phase::bench
