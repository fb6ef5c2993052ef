// Goal: all that a release and a machine are made of comes out of one kernel package. Method: it
// is made for real; under ctest the other tests then take it from PHASE_KIT.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "scene.h"

namespace phase::sim {
namespace {

TEST(Kit, IsMadeOfAPackagedKernel) {
  if (const char* folder = std::getenv("PHASE_KIT")) std::filesystem::remove_all(folder);
  const ReleaseKit& made = kit();
  EXPECT_EQ(made.public_key.size(), 64u);
  EXPECT_FALSE(made.kernel.release.empty());
  for (const auto& image : {made.client_initramfs, made.node_initramfs}) {
    EXPECT_GT(std::filesystem::file_size(image), 1'000'000u) << image;
    EXPECT_LT(std::filesystem::file_size(image), 16'000'000u) << image;
  }
}

}  // namespace
}  // namespace phase::sim
