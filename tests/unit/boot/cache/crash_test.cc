// Goal: a writer that is killed at any moment leaves a cache in which every listed complete
// release is right and which the next writer can use. Method: a child adds and evicts releases in
// a loop and is killed by SIGKILL after a random time, again and again on the same cache. The
// kernel keeps what was written, so this is a crash of the program; tests/vm cuts the power.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <csignal>
#include <filesystem>
#include <memory>
#include <random>
#include <thread>

#include "tests/unit/boot/cache/support.h"

namespace phase::boot {
namespace {

using test::SampleRelease;
using test::TempFolder;

constexpr std::uint64_t kLimit = 6U << 20;  // About half of what is added.

unsigned number_of(const char* variable, unsigned otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

[[noreturn]] void write_forever(const std::string& path,
                                const std::vector<std::unique_ptr<SampleRelease>>& releases,
                                std::size_t next) {
  auto cache = Cache::open(path, CacheUse::kWrite, kLimit);
  if (!cache) ::_exit(1);
  for (std::int64_t now = 1;; ++now, ++next) {
    const SampleRelease& release = *releases[next % releases.size()];
    if (!cache->add(release.entry(), WallTime{now}, {})) ::_exit(2);
  }
}

TEST(Crash, AtAnyMomentLeavesACacheThatIsRightAndUsable) {
  const unsigned seed = number_of("PHASE_RNG_SEED", std::random_device{}());
  const unsigned rounds = number_of("PHASE_CRASHES", 20);
  SCOPED_TRACE("replay with PHASE_RNG_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  const TempFolder folder;
  const std::string path = test::make_cache(folder);
  std::vector<std::unique_ptr<SampleRelease>> releases;
  for (std::uint64_t version = 1; version <= 10; ++version) {
    releases.push_back(std::make_unique<SampleRelease>(
        folder, test::ReleaseSpec{.version = version, .initramfs_size = 1'200'000}));
  }

  unsigned unfinished = 0;
  unsigned complete = 0;
  for (unsigned round = 0; round < rounds; ++round) {
    const std::size_t next = random() % releases.size();
    const pid_t writer = ::fork();
    ASSERT_GE(writer, 0);
    if (writer == 0) write_forever(path, releases, next);
    // The moment is what is drawn here; nothing waits for anything to have happened.
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    ASSERT_EQ(::kill(writer, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(writer, &status, 0), writer);
    ASSERT_TRUE(WIFSIGNALED(status)) << "round " << round << ": the writer ended by itself, "
                                     << WEXITSTATUS(status);

    const Cache reader = test::open_cache(path, CacheUse::kRead, kLimit);
    EXPECT_EQ(test::copy_all_out(reader, folder), "") << "round " << round;
    for (const CachedRelease& one : reader.list()) complete += one.complete ? 1 : 0;
    // A part may be made before the first release; then there is nothing to look at yet.
    std::error_code none;
    unfinished += std::filesystem::is_empty(path + "/tmp", none) || none ? 0 : 1;
  }
  EXPECT_GT(unfinished, 0u) << "no crash came while something was written";
  EXPECT_GT(complete, 0u);

  Cache cache = test::open_cache(path, CacheUse::kWrite, kLimit);
  test::add(cache, *releases.front(), 2'000'000'000);
  EXPECT_TRUE(cache.collect(0));
  EXPECT_TRUE(cache.verify().empty());
  EXPECT_EQ(test::names_in(path + "/tmp"), std::vector<std::string>{});
  EXPECT_LE(cache.used_bytes(), kLimit);
  EXPECT_EQ(test::copy_all_out(cache, folder), "");
  RecordProperty("seed", std::to_string(seed));
}

}  // namespace
}  // namespace phase::boot
