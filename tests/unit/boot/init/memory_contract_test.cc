// Goal: a release that does not fit is refused before it is fetched, with the numbers, and none
// that fits is. Method: values at and one byte beyond each rule; chance for what must hold always.
#include "boot/init/memory_contract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace phase::boot {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kMiB = 1 << 20;

// Debian's cloud kernel with a small initramfs.
Demand cloud_kernel() {
  Demand demand;
  demand.kernel = 14 * kMiB;
  demand.initramfs = 8 * kMiB;
  demand.kernel_memory = 52 * kMiB;
  demand.initramfs_unpacked = 24 * kMiB;
  return demand;
}

constexpr MemInfo kPlenty{1024 * kMiB, 900 * kMiB};

TEST(MemoryContract, AdmitsTheCloudKernelOnAMachineOf256MiB) {
  EXPECT_TRUE(admit(cloud_kernel(), Loader::kFile, {210 * kMiB, 150 * kMiB}).ok());
}

TEST(MemoryContract, CountsAThirdCopyForKexecFileLoad) {
  const Demand demand = cloud_kernel();
  const std::uint64_t stored = demand.kernel + demand.initramfs;
  EXPECT_EQ(stored_demand(demand), stored);
  EXPECT_EQ(peak_demand(demand, Loader::kSegments), stored + segment_demand(demand));
  EXPECT_EQ(peak_demand(demand, Loader::kFile), 2 * stored + segment_demand(demand));
}

TEST(MemoryContract, CountsARootfsAsAFileAndBehindTheInitramfs) {
  Demand demand = cloud_kernel();
  const std::uint64_t stored = stored_demand(demand);
  const std::uint64_t segments = segment_demand(demand);
  demand.rootfs = 5 * kMiB;
  EXPECT_EQ(stored_demand(demand), stored + 10 * kMiB);
  EXPECT_EQ(segment_demand(demand), segments + 5 * kMiB);
}

TEST(MemoryContract, HoldsTheSegmentsAgainstHalfOfTheMemory) {
  const Demand demand = cloud_kernel();
  const std::uint64_t least = 2 * segment_demand(demand);
  EXPECT_TRUE(admit(demand, Loader::kFile, {least, kPlenty.available}).ok());
  const auto refused = admit(demand, Loader::kFile, {least - 2, kPlenty.available});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kMemory);
  EXPECT_THAT(refused.error().detail, HasSubstr("half of MemTotal"));
}

TEST(MemoryContract, RefusalNamesNeededAndAvailable) {
  const Demand demand = cloud_kernel();
  const auto refused = admit(demand, Loader::kFile, {1024 * kMiB, 100 * kMiB});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kMemory);
  // 22 stored, 22 in buffers, 60 in segments, a part of a MiB for the loader, 8 in reserve.
  EXPECT_THAT(refused.error().detail, HasSubstr("needed 113 MiB"));
  EXPECT_THAT(refused.error().detail, HasSubstr("available 100 MiB"));
  EXPECT_THAT(refused.error().detail, HasSubstr(std::to_string(100 * kMiB) + " bytes"));
}

TEST(MemoryContract, HoldsMemAvailableToTheByte) {
  const Demand demand = cloud_kernel();
  const std::uint64_t least = peak_demand(demand, Loader::kFile) + 8 * kMiB;
  EXPECT_TRUE(admit(demand, Loader::kFile, {1024 * kMiB, least}).ok());
  EXPECT_FALSE(admit(demand, Loader::kFile, {1024 * kMiB, least - 1}).ok());
}

TEST(MemoryContract, AsksForWhatThePublisherAsksFor) {
  Demand demand = cloud_kernel();
  demand.min_memory = 1024 * kMiB;
  EXPECT_TRUE(admit(demand, Loader::kFile, kPlenty).ok());
  demand.min_memory += 1;
  const auto refused = admit(demand, Loader::kFile, kPlenty);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().detail, HasSubstr("publisher"));
}

TEST(MemoryContract, LooksAtWhatTheNextSystemUnpacks) {
  Demand demand = cloud_kernel();
  demand.initramfs_unpacked = kPlenty.total / 2 + 1;
  const auto refused = admit(demand, Loader::kFile, kPlenty);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().detail, HasSubstr("root file system"));
  // With root= the kernel makes rootfs a ramfs, which has no limit of its own (init/do_mounts.c).
  demand.root_device = true;
  EXPECT_TRUE(admit(demand, Loader::kFile, kPlenty).ok());
  demand.initramfs_unpacked = kPlenty.total;
  EXPECT_FALSE(admit(demand, Loader::kFile, kPlenty).ok());
}

TEST(MemoryContract, StaysAtTheTopWhereSignedNumbersOverflow) {
  Demand demand = cloud_kernel();
  demand.kernel_memory = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(peak_demand(demand, Loader::kFile), std::numeric_limits<std::uint64_t>::max());
  EXPECT_FALSE(admit(demand, Loader::kFile, kPlenty).ok());
  demand = cloud_kernel();
  demand.initramfs_unpacked = std::numeric_limits<std::uint64_t>::max();
  EXPECT_FALSE(admit(demand, Loader::kFile, kPlenty).ok());
}

TEST(MemoryContract, FetchRoomHoldsEveryReleaseThatIsAdmitted) {
  std::mt19937_64 random(7);
  int admitted = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto up_to = [&](std::uint64_t most) { return random() % most; };
    const MemInfo memory{512 * kMiB, 64 * kMiB + up_to(448 * kMiB)};
    Demand demand;
    demand.kernel = 1 + up_to(64 * kMiB);
    demand.kernel_memory = demand.kernel + up_to(64 * kMiB);
    demand.initramfs = 1 + up_to(128 * kMiB);
    demand.rootfs = up_to(4) == 0 ? up_to(128 * kMiB) : 0;
    demand.others = up_to(8) == 0 ? up_to(300 * kMiB) : 0;
    if (!admit(demand, Loader::kFile, memory).ok()) continue;
    ++admitted;
    EXPECT_LE(stored_demand(demand), fetch_room(memory));
  }
  EXPECT_GT(admitted, 1000);
}

TEST(MemoryContract, LeavesOutAHandOverThatDoesNotFit) {
  const Demand demand = cloud_kernel();
  const MemInfo exact{2 * (segment_demand(demand) + 100), 900 * kMiB};
  EXPECT_TRUE(room_for_handover(demand, 100, Loader::kFile, exact));
  EXPECT_FALSE(room_for_handover(demand, 101, Loader::kFile, exact));
  // What is stored already is no longer part of MemAvailable: buffers, segments and what is
  // appended, three times, still have to be found.
  const std::uint64_t still =
      demand.kernel + demand.initramfs + segment_demand(demand) + 3 * 100;
  EXPECT_TRUE(room_for_handover(demand, 100, Loader::kFile, {1024 * kMiB, still}));
  EXPECT_FALSE(room_for_handover(demand, 100, Loader::kFile, {1024 * kMiB, still - 1}));
}

// What is handed over stays in the memory of the system that starts, unpacked, and so does that
// system: a provider that has no room to work serves nobody.
TEST(MemoryContract, LeavesTheNextSystemRoomToWorkBesideARelease) {
  const Demand demand = cloud_kernel();
  const std::uint64_t release = demand.kernel + demand.initramfs;
  ASSERT_GT(release, kPapersAtMost);
  const std::uint64_t least = demand.kernel_memory + demand.initramfs + release +
                              demand.initramfs_unpacked + release + kNextSystem;
  EXPECT_TRUE(room_for_handover(demand, release, Loader::kFile, {least, 900 * kMiB}));
  EXPECT_FALSE(room_for_handover(demand, release, Loader::kFile, {least - 1, 900 * kMiB}));
  EXPECT_TRUE(room_for_handover(demand, kPapersAtMost, Loader::kFile, {least - 1, 900 * kMiB}));
}

TEST(MemoryContract, ReadsADemandOutOfAManifest) {
  Manifest manifest;
  const auto add = [&](Role role, const char* name, std::uint64_t size) {
    Artifact artifact;
    artifact.role = role;
    artifact.name = name;
    artifact.size = size;
    manifest.artifacts.push_back(artifact);
  };
  add(Role::kKernel, "kernel", 1000);
  add(Role::kInitramfs, "initramfs", 200);
  add(Role::kRootfs, "rootfs", 30);
  add(Role::kDeviceTree, "dtbs/a", 4);
  add(Role::kDeviceTree, "dtbs/b", 5);
  manifest.cmdline = "quiet root=/dev/vda1";
  const Demand demand = demand_of(manifest);
  EXPECT_EQ(demand.kernel, 1000u);
  EXPECT_EQ(demand.initramfs, 200u);
  EXPECT_EQ(demand.rootfs, 30u);
  EXPECT_EQ(demand.others, 9u);
  EXPECT_EQ(demand.kernel_memory, 1000u) << "a kernel needs at least itself";
  EXPECT_TRUE(demand.root_device);
  manifest.cmdline = "noroot=1";
  EXPECT_FALSE(demand_of(manifest).root_device);
}

TEST(MemoryContract, ReadsMeminfo) {
  const auto memory = parse_meminfo(
      "MemTotal:         216808 kB\nMemFree:           90100 kB\nMemAvailable:     150000 kB\n");
  ASSERT_TRUE(memory.ok());
  EXPECT_EQ(memory->total, 216808u * 1024);
  EXPECT_EQ(memory->available, 150000u * 1024);
  EXPECT_FALSE(parse_meminfo("MemTotal: 216808 kB\n").ok());
  EXPECT_FALSE(parse_meminfo("").ok());
}

}  // namespace
}  // namespace phase::boot
