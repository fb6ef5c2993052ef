// libFuzzer's entry points, for every target: --make-seeds=DIR writes the seeds and ends.
#include "tests/fuzz/fuzz.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace {

void write_seeds(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  int number = 0;
  for (const phase::Bytes& seed : phase::fuzz::seeds()) {
    std::ofstream file(folder / ("seed-" + std::to_string(number++)), std::ios::binary);
    file.write(phase::as_text(seed).data(), static_cast<std::streamsize>(seed.size()));
    phase::check(file.good(), "a seed is written");
  }
  phase::check(number > 0, "a target has seeds");
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  constexpr std::string_view kMakeSeeds = "--make-seeds=";
  for (int i = 1; i < *count; ++i) {
    const std::string_view argument = (*arguments)[i];
    if (!argument.starts_with(kMakeSeeds)) continue;
    write_seeds(argument.substr(kMakeSeeds.size()));
    std::exit(0);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  phase::fuzz::one({data, size});
  return 0;
}
