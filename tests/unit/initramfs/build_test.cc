// Goal: one whole initramfs from a small kernel package: what is in it, that the same inputs give
// the same bytes, and that nothing of another machine gets in. Method: tiny programs of this
// machine; the modules are real ELF objects and depmod (kmod) is the real one.
#include "initramfs/build.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "initramfs/elf_image.h"
#include "initramfs/report.h"
#include "support.h"

namespace phase::initramfs {
namespace {

namespace fs = std::filesystem;
using namespace testing;  // NOLINT: the fixtures
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

constexpr std::int64_t kTime = 1'700'000'000;
const auto kNever = [] { return false; };

std::string own_machine() {
  return elf_machine(as_bytes(read_text("/proc/self/exe")));
}
int other_machine() {
  return own_machine() == "x86_64" ? 183 : 62;
}

class Build : public ::testing::Test {
 protected:
  void SetUp() override { prepare(options_, folder_.path()); }

  static void prepare(BuildOptions& options, const std::string& folder) {
    const Bytes package = make_deb(kControl, kernel_entries());
    write_text(folder + "/kernel.deb", std::string(as_text(package)));
    const std::string program = small_program();
    for (const char* name : {"phase-init", "phase-net", "phase-dhcp-hook", "phase-lan", "busybox",
                             "plasmd"}) {
      write_text(folder + "/bin/" + name, program);
    }
    options.kernel = folder + "/kernel.deb";
    options.arch = own_machine();
    options.trust = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    options.programs = folder + "/bin";
    options.modules = {"virtio_net", "af_packet", "e1000e"};
    options.output = folder + "/initramfs";
    options.source_date_epoch = kTime;
  }

  Result<Built> build() { return build_initramfs(options_, kNever); }
  [[nodiscard]] Bytes written() const {
    const std::string text = read_text(options_.output);
    return Bytes(text.begin(), text.end());
  }
  /// A new kernel package in place of the good one.
  void use_kernel(const std::string& control, const std::vector<TarEntry>& entries) {
    write_text(options_.kernel, std::string(as_text(make_deb(control, entries))));
  }

  WorkDir folder_ = temporary_folder();
  BuildOptions options_;
};

TEST_F(Build, HoldsProgramsLibrariesModulesAndTrust) {
  options_.bootstrap = {"router.example:6881"};
  options_.mirrors = {"http://mirror.example/"};
  options_.lock = true;
  options_.image_out = folder_.path() + "/vmlinuz";
  const auto built = build();
  ASSERT_TRUE(built.ok()) << built.error().detail;
  const auto archive = list_cpio(written());
  const std::string modules = std::string("lib/modules/") + kRelease;
  for (const char* path :
       {"init", "sbin/phase-net", "sbin/phase-dhcp-hook", "sbin/phase-lan", "bin/busybox",
        "etc/passwd", "etc/nsswitch.conf", "proc", "sys", "run", "tmp", "var/lib/phase"}) {
    EXPECT_THAT(archive, Contains(Key(path)));
  }
  EXPECT_THAT(archive, Not(Contains(Key("sbin/plasmd"))));
  EXPECT_THAT(archive, Contains(Pair("dev/console", "c5:1")));
  EXPECT_THAT(archive, Contains(Pair("etc/phase/role", "client\n")));
  EXPECT_THAT(archive,
              Contains(Pair(modules + "/kernel/drivers/net/virtio_net.ko", virtio_net_module())));
  EXPECT_THAT(archive, Contains(Pair(modules + "/kernel/net/core/failover.ko", failover_module())));
  EXPECT_THAT(archive.at(modules + "/modules.dep"),
              HasSubstr("kernel/drivers/net/virtio_net.ko: kernel/net/core/failover.ko"));
  EXPECT_THAT(archive.at(modules + "/modules.alias.bin"), HasSubstr("virtio_net"));
  EXPECT_THAT(archive, Contains(Key(modules + "/modules.dep.bin")));

  const auto policy = parse_trust_file(archive.at("etc/phase/trust.toml"));
  ASSERT_TRUE(policy.ok()) << policy.error().detail;
  EXPECT_TRUE(policy->locked);
  EXPECT_EQ(policy->time_floor.seconds, kTime);
  EXPECT_THAT(policy->bootstrap, ElementsAre("router.example:6881"));
  EXPECT_THAT(policy->mirrors, ElementsAre("http://mirror.example/"));
  EXPECT_EQ(read_text(options_.image_out), "the kernel image");

  EXPECT_THAT(built->modules.load_order, ElementsAre("failover", "virtio_net"));
  EXPECT_THAT(built->modules.builtin, ElementsAre("af_packet"));
  EXPECT_THAT(built->modules.missing, ElementsAre("e1000e"));
  EXPECT_EQ(built->packed, written().size());
  EXPECT_THAT(report_text(*built, options_), HasSubstr("not in this kernel: e1000e"));
  EXPECT_THAT(report_json(*built, options_), HasSubstr("\"kernel_release\": \"6.1.0-test-amd64\""));
}

TEST_F(Build, GivesTheSameBytesInAnotherFolder) {
  const WorkDir elsewhere = temporary_folder();
  BuildOptions again;
  prepare(again, elsewhere.path() + "/a/longer/path");
  ASSERT_TRUE(build().ok());
  ASSERT_TRUE(build_initramfs(again, kNever).ok());
  EXPECT_EQ(read_text(again.output), read_text(options_.output));
  ASSERT_GT(written().size(), 1000u);
}

TEST_F(Build, TakesTheNewestInputsTimeWithoutSourceDateEpoch) {
  options_.source_date_epoch.reset();
  const timespec future[2] = {{4'000'000'000, 0}, {4'000'000'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (options_.programs + "/phase-net").c_str(), future, 0), 0);
  const auto built = build();
  ASSERT_TRUE(built.ok()) << built.error().detail;
  EXPECT_EQ(built->time_floor, 4'000'000'000);
}

TEST_F(Build, PacksTheNodeForItsRole) {
  options_.role = InitRole::kNode;
  ASSERT_TRUE(build().ok());
  const auto archive = list_cpio(written());
  EXPECT_THAT(archive, Contains(Key("sbin/plasmd")));
  EXPECT_THAT(archive, Contains(Pair("etc/phase/role", "node\n")));
}

TEST_F(Build, TakesAnUnpackedTreeWithCompressedModules) {
  options_.kernel = folder_.path() + "/tree";
  const std::string modules = options_.kernel + "/lib/modules/" + kRelease;
  for (const TarEntry& entry : kernel_entries())
    write_text(options_.kernel + "/" + entry.path, entry.content);
  const std::pair<std::string, std::string> packed[] = {{"kernel/drivers/net/virtio_net.ko", "xz"},
                                                        {"kernel/net/core/failover.ko", "gz"}};
  for (const auto& [path, how] : packed) {
    const std::string file = modules + "/" + path;
    write_text(file + "." + how, std::string(as_text(compressed(read_text(file), how))));
    fs::remove(file);
  }
  write_text(modules + "/modules.dep",
             "kernel/drivers/net/virtio_net.ko.xz: kernel/net/core/failover.ko.gz\n"
             "kernel/net/core/failover.ko.gz:\n");
  const auto built = build();
  ASSERT_TRUE(built.ok()) << built.error().detail;
  const auto archive = list_cpio(written());
  const std::string inside = std::string("lib/modules/") + kRelease;
  EXPECT_THAT(archive,
              Contains(Pair(inside + "/kernel/drivers/net/virtio_net.ko", virtio_net_module())));
  EXPECT_THAT(archive, Contains(Pair(inside + "/kernel/net/core/failover.ko", failover_module())));
}

TEST_F(Build, AddsFilesAndTheLibrariesOfPrograms) {
  write_text(folder_.path() + "/motd", "hello\n");
  options_.added = {*parse_added_file(folder_.path() + "/motd:/etc/motd"),
                    *parse_added_file(folder_.path() + "/motd"),
                    {dynamic_program_path(), "/usr/bin/dynamic"}};
  ASSERT_TRUE(build().ok());
  const auto archive = list_cpio(written());
  EXPECT_THAT(archive, Contains(Pair("etc/motd", "hello\n")));
  EXPECT_THAT(archive, Contains(Pair(folder_.path().substr(1) + "/motd", "hello\n")));
  EXPECT_THAT(archive, Contains(Key("usr/bin/dynamic")));
  EXPECT_THAT(archive, Contains(Key(::testing::EndsWith("/libc.so.6"))));
  EXPECT_THAT(archive, Contains(Key(HasSubstr("/ld-linux-"))));
  EXPECT_FALSE(parse_added_file("motd").ok());
  EXPECT_FALSE(parse_added_file("").ok());
  EXPECT_FALSE(parse_added_file(":/etc/motd").ok());
  options_.added = {{folder_.path() + "/motd", "/init"}};
  EXPECT_EQ(build().error().code, ErrorCode::kUsage);
}

TEST_F(Build, RefusesAnythingForAnotherMachine) {
  const std::string program = options_.programs + "/phase-net";
  write_text(program, with_machine(read_text(program), other_machine()));
  auto built = build();
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().code, ErrorCode::kWrongArch);
  EXPECT_THAT(built.error().detail, HasSubstr(program));

  prepare(options_, folder_.path());
  auto entries = kernel_entries();
  entries.at(2).content = with_machine(entries.at(2).content, other_machine());
  use_kernel(kControl, entries);
  built = build();
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().code, ErrorCode::kWrongArch);
  EXPECT_THAT(built.error().detail, HasSubstr("virtio_net.ko"));

  use_kernel(kControl + "Architecture: riscv64\n", kernel_entries());
  built = build();
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().code, ErrorCode::kWrongArch);
  EXPECT_FALSE(fs::exists(options_.output));
}

TEST_F(Build, RefusesAKernelWithoutANetworkCardsDriver) {
  options_.modules = {"e1000e", "failover"};
  const auto built = build();
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(built.error().detail, HasSubstr("no driver of a network card"));
}

TEST_F(Build, LooksForDriversOfDisksUnlessThereIsToBeNoCache) {
  options_.modules.clear();
  auto built = build();
  ASSERT_TRUE(built.ok()) << built.error().detail;
  EXPECT_THAT(built->modules.missing, IsSupersetOf({"virtio_blk", "nvme", "ext4", "vfat"}));
  options_.cache = false;
  built = build();
  ASSERT_TRUE(built.ok()) << built.error().detail;
  EXPECT_THAT(built->modules.missing, Not(Contains("virtio_blk")));
  EXPECT_THAT(built->modules.missing, Not(Contains("ext4")));
}

TEST_F(Build, RefusesAModuleThatIsNone) {
  auto entries = kernel_entries();
  entries.at(2).content = "not a module";
  use_kernel(kControl, entries);
  const auto built = build();
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().code, ErrorCode::kMalformed);
}

TEST_F(Build, NamesAProgramThatIsNotThere) {
  fs::remove(options_.programs + "/phase-dhcp-hook");
  const auto built = build();
  ASSERT_FALSE(built.ok());
  EXPECT_EQ(built.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(built.error().detail, HasSubstr("phase-dhcp-hook: is not in " + options_.programs));
}

TEST_F(Build, RefusesWhatTheMachineWouldRefuse) {
  options_.bootstrap = {"no port"};
  EXPECT_EQ(build().error().code, ErrorCode::kConfig);
}

TEST_F(Build, LeavesTheOldFileWhereItFails) {
  write_text(options_.output, "the old one");
  options_.kernel += ".none";
  EXPECT_EQ(build().error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_text(options_.output), "the old one");
  prepare(options_, folder_.path());
  options_.output = folder_.path() + "/no/such/folder/initramfs";
  EXPECT_EQ(build().error().code, ErrorCode::kStore);
}

}  // namespace
}  // namespace phase::initramfs
