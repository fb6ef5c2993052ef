// Goal: the right modules in an order that loads, and no way for a hostile modules.dep to name a
// file outside its tree. Method: values in, values out.
#include "initramfs/module_set.h"

#include <gmock/gmock.h>

namespace phase::initramfs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kVirtio =
    "kernel/drivers/virtio/virtio.ko:\n"
    "kernel/drivers/virtio/virtio_ring.ko: kernel/drivers/virtio/virtio.ko\n"
    "kernel/net/core/failover.ko:\n"
    "kernel/drivers/net/net_failover.ko: kernel/net/core/failover.ko\n"
    "kernel/drivers/net/virtio_net.ko: kernel/drivers/net/net_failover.ko "
    "kernel/net/core/failover.ko kernel/drivers/virtio/virtio_ring.ko "
    "kernel/drivers/virtio/virtio.ko\n";

/// "m<number>.ko"
std::string file_name(std::size_t number) {
  return std::string(1, 'm').append(std::to_string(number)).append(".ko");
}

TEST(ModuleName, IsTheFileWithoutItsCompressionAndWithUnderscores) {
  EXPECT_EQ(module_name("kernel/drivers/net/virtio_net.ko"), "virtio_net");
  EXPECT_EQ(module_name("kernel/a/snd-hda-intel.ko.xz"), "snd_hda_intel");
  EXPECT_EQ(module_name("a.ko.zst"), "a");
  EXPECT_EQ(module_name("a.ko.gz"), "a");
  EXPECT_EQ(module_name("modules.dep"), "");
  EXPECT_EQ(module_name("kernel/.ko"), "");
}

TEST(ModulesDep, ListsEachModuleAfterWhatItNeeds) {
  const auto index = parse_modules_dep(kVirtio);
  ASSERT_TRUE(index.ok()) << index.error().detail;
  const auto choice = choose_modules(*index, {}, {"virtio-net", "virtio"});
  EXPECT_THAT(choice.load_order,
              ElementsAre("virtio", "virtio_ring", "failover", "net_failover", "virtio_net"));
  EXPECT_THAT(choice.missing, IsEmpty());
}

TEST(ModulesDep, TellsBuiltInFromMissing) {
  const auto index = parse_modules_dep(kVirtio);
  ASSERT_TRUE(index.ok());
  const Builtin builtin = parse_modules_builtin("kernel/net/packet/af_packet.ko\nnot a module\n\n");
  const auto choice = choose_modules(*index, builtin, {"af_packet", "e1000e", "e1000e"});
  EXPECT_THAT(choice.load_order, IsEmpty());
  EXPECT_THAT(choice.builtin, ElementsAre("af_packet"));
  EXPECT_THAT(choice.missing, ElementsAre("e1000e"));
}

TEST(ModulesDep, KnowsANetworkCardsDriverByItsFolderPackedOrBuiltIn) {
  const auto index = parse_modules_dep(kVirtio);
  ASSERT_TRUE(index.ok());
  const Builtin builtin = parse_modules_builtin(
      "kernel/drivers/net/ethernet/intel/igb/igb.ko\nkernel/net/packet/af_packet.ko\n");
  const auto has = [&](const char* name) {
    return has_nic_driver(*index, builtin, choose_modules(*index, builtin, {name}));
  };
  EXPECT_TRUE(has("virtio_net"));
  EXPECT_TRUE(has("igb"));
  EXPECT_FALSE(has("virtio_ring"));
  EXPECT_FALSE(has("af_packet"));
  EXPECT_FALSE(has("r8169"));
}

// depmod writes none, but a file that does must not hang the program.
TEST(ModulesDep, EndsOnALoopOfDependencies) {
  const auto index = parse_modules_dep("k/a.ko: k/b.ko\nk/b.ko: k/a.ko\n");
  ASSERT_TRUE(index.ok());
  EXPECT_THAT(choose_modules(*index, {}, {"a"}).load_order, ElementsAre("b", "a"));
}

// One module that needs the next, 50,000 deep: a recursive walk would run out of stack.
TEST(ModulesDep, TakesAChainAsLongAsTheLimit) {
  std::string text;
  for (std::size_t i = 0; i + 1 < kMaxModules; ++i) {
    text.append(file_name(i)).append(": ").append(file_name(i + 1)).append("\n");
  }
  text.append(file_name(kMaxModules - 1)).append(":\n");
  const auto index = parse_modules_dep(text);
  ASSERT_TRUE(index.ok()) << index.error().detail;
  const auto choice = choose_modules(*index, {}, {"m0"});
  ASSERT_EQ(choice.load_order.size(), kMaxModules);
  EXPECT_EQ(choice.load_order.back(), "m0");
}

TEST(ModulesDep, RefusesOneModuleMoreThanTheLimit) {
  std::string text;
  for (std::size_t i = 0; i <= kMaxModules; ++i) text.append(file_name(i)).append(":\n");
  const auto index = parse_modules_dep(text);
  ASSERT_FALSE(index.ok());
  EXPECT_THAT(index.error().detail, HasSubstr("too many modules"));
}

TEST(ModulesDep, RefusesWhatLeavesTheTreeOrMakesNoSense) {
  const std::string long_path(kMaxModulePathBytes, 'a');
  const std::pair<std::string, const char*> cases[] = {
      {"../../etc/shadow.ko:\n", "line 1"},
      {"/etc/a.ko:\n", "line 1"},
      {"k/./a.ko:\n", "line 1"},
      {"k//a.ko:\n", "line 1"},
      {"k/a.ko/:\n", "line 1"},
      {"k/a.ko: ../b.ko\n", "needs what is no path"},
      {"k/a.ko: /b.ko\n", "needs what is no path"},
      {"k/a.txt:\n", "line 1"},
      {"k/a.ko\n", "no colon"},
      {"k/a\x01.ko:\n", "line 1"},
      {std::string("k/a\0.ko:\n", 9), "line 1"},
      {long_path + ".ko:\n", "line 1"},
      {"k/a.ko:\nk/a.ko:\n", "line already"},
      {"k/a-b.ko:\nj/a_b.ko.xz:\n", "line already"},
      {"k/a.ko: k/b.ko\n", "no line of its own"},
      {":\n", "line 1"},
  };
  for (const auto& [text, expected] : cases) {
    const auto index = parse_modules_dep(text);
    ASSERT_FALSE(index.ok()) << text;
    EXPECT_EQ(index.error().code, ErrorCode::kMalformed);
    EXPECT_THAT(index.error().detail, HasSubstr(expected)) << text;
  }
}

TEST(ModulesDep, TakesAnEmptyFileAndAMissingLastNewline) {
  EXPECT_TRUE(parse_modules_dep("").ok());
  const auto index = parse_modules_dep("k/a.ko:");
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(index->modules.size(), 1u);
}

}  // namespace
}  // namespace phase::initramfs
