// Goal: what a machine has kept starts it again, without any network; what is damaged never does;
// nobody else's partition is touched. Method: disks made and read from outside; machines that have
// them; a byte flipped where no file system notices.
#include <gmock/gmock.h>

#include "disk_scene.h"
#include "proto/hash.h"

namespace phase::sim {
namespace {

using std::chrono::minutes;
using testing::Each;
using testing::Field;
using testing::HasSubstr;

class Cache : public DiskScene {
 protected:
  static void expect_all_from_cache(const MachineReport& report) {
    EXPECT_THAT(report.sources, testing::Not(testing::IsEmpty()));
    EXPECT_THAT(report.sources, Each(Field(&ReportedSource::peer, "cache")));
  }
};

TEST_F(Cache, BootsWithoutANic) {
  const auto version = publish();
  const Disk disk = make_disk("disk", make_cache(true));

  auto machine = power_on_alone(disk, "phase.mode=local");
  const auto boot = must(watch_boot(shell(), *machine, minutes(5)));

  EXPECT_EQ(boot.up.version, version);
  EXPECT_EQ(boot.up.key, kit().public_key);
  expect_all_from_cache(boot.before);
}

TEST_F(Cache, AFlippedByteIsRefusedWithoutANetworkAndRefetchedWithOne) {
  const auto version = publish();
  const Disk right = make_disk("right", make_cache(true));
  const auto kept = artifacts(right);
  ASSERT_GE(kept.size(), 2u) << "kernel and initramfs";
  Disk flipped = must(right.copy_to(scratch() + "/flipped"));
  const auto bytes = must(flipped.read_file(kCachePartition, kept.front()));
  must(flipped.flip_byte(kCachePartition, kept.front(), bytes.size() / 2));

  auto alone = power_on_alone(must(flipped.copy_to(scratch() + "/alone")), "phase.mode=local");
  const auto refused = must(watch_first_report(shell(), *alone, minutes(3)));
  expect_refused(*alone, refused);
  EXPECT_THAT(refused.refusals, testing::Contains(HasSubstr("altered")));

  PowerOnChoice choice;
  choice.disks = {{flipped.path(), "", false}};
  auto machine = power_on_once(choice);
  const auto report = must(watch_first_report(shell(), *machine, minutes(3)));
  must(machine->cut_power());
  EXPECT_EQ(report.stage, "boot") << report.error << ": " << report.detail;
  EXPECT_EQ(report.version, version);
  EXPECT_THAT(report.refusals, testing::Contains(HasSubstr("cache")));
  EXPECT_THAT(report.sources, testing::Contains(Field(&ReportedSource::peer, HasSubstr("10.77."))));
  must(flipped.recover(kCachePartition));
  EXPECT_EQ(must(flipped.read_file(kCachePartition, kept.front())), bytes) << "it was not repaired";
}

TEST_F(Cache, ForeignPartitionsStayAsTheyAreWhileAReleaseIsKept) {
  const auto version = publish();
  Disk disk = make_disk("disk", make_cache(false));
  EXPECT_TRUE(artifacts(disk).empty());
  const auto fat = must(disk.sha256(kFatPartition));
  const auto ext4 = must(disk.sha256(kExt4Partition));
  const auto cache = must(disk.sha256(kCachePartition));

  PowerOnChoice choice;
  choice.disks = {{disk.path(), "", false}};
  auto machine = power_on_once(choice);
  const auto report = must(watch_first_report(shell(), *machine, minutes(3)));
  must(machine->cut_power());

  EXPECT_EQ(report.stage, "boot") << report.error << ": " << report.detail;
  EXPECT_FALSE(machine->lines_matching("cache: version " + std::to_string(version) + " is kept").empty())
      << machine->last_lines(40);
  EXPECT_NE(must(disk.sha256(kCachePartition)), cache);
  EXPECT_EQ(must(disk.sha256(kFatPartition)), fat);
  EXPECT_EQ(must(disk.sha256(kExt4Partition)), ext4);
  must(disk.recover(kCachePartition));
  const auto kept = artifacts(disk);
  EXPECT_GE(kept.size(), 2u) << "kernel and initramfs";
  for (const auto& path : kept) {
    const auto content = must(disk.read_file(kCachePartition, path));
    EXPECT_THAT(path, testing::EndsWith(to_hex(sha256(content))));
  }
}

}  // namespace
}  // namespace phase::sim
