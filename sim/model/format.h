// sim/model/format.h
// Numbers in the text of answers and plots.
#pragma once

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string>

namespace phase::sim::model {

/// As std::snprintf does (GCC 12 has no std::format); what is longer than 399 bytes is cut.
// Variadic as C has it, because only then does the compiler hold the arguments against the pattern.
// NOLINTNEXTLINE(cert-dcl50-cpp)
[[gnu::format(printf, 1, 2)]] inline std::string format(const char* pattern, ...) {
  std::array<char, 400> out{};
  va_list arguments;
  va_start(arguments, pattern);
  (void)std::vsnprintf(out.data(), out.size(), pattern, arguments);
  va_end(arguments);
  return out.data();
}

}  // namespace phase::sim::model
