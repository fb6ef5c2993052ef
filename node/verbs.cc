#include "node/verbs.h"

#include <cstdio>

namespace phase::node {

int fail(const char* verb, const Error& error) {
  std::fprintf(stderr, "plasmd %s: %s (%s)\n", verb, error.detail.c_str(), error_name(error.code));
  std::fprintf(stderr, "plasmd %s: %s\n", verb, error_advice(error.code));
  return exit_code(error.code);
}

int print(const char* verb, const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return 0;
  return fail(verb, {ErrorCode::kStore, "standard output cannot be written"});
}

}  // namespace phase::node
