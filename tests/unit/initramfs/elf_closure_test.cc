// Goal: exactly the libraries that a program loads, and no file of another machine. Method: the
// program is this test itself, so the loader's own list of what it loaded is the truth.
#include "initramfs/elf_closure.h"

#include <gmock/gmock.h>
#include <link.h>

#include <filesystem>
#include <set>

#include "initramfs/input_file.h"
#include "support.h"

namespace phase::initramfs {
namespace {

namespace fs = std::filesystem;
using namespace testing;  // NOLINT: the fixtures
using ::testing::HasSubstr;

constexpr int kAarch64 = 183;
constexpr int kX86 = 62;

/// File names of everything that the loader mapped into this process, the loader included.
std::set<std::string> loaded_here() {
  std::set<std::string> names;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        const fs::path path(info->dlpi_name);
        if (path.is_absolute()) static_cast<std::set<std::string>*>(out)->insert(path.filename());
        return 0;
      },
      &names);
  return names;
}

std::string self() {
  return fs::canonical("/proc/self/exe").string();
}

Bytes content_of(const std::string& path) {
  auto file = read_input(path, kMaxElfBytes);
  EXPECT_TRUE(file.ok()) << path;
  return std::move(file->content);
}

std::string this_machine() {
  return elf_machine(content_of(self()));
}
int other_machine() {
  return this_machine() == "x86_64" ? kAarch64 : kX86;
}

TEST(ElfClosure, IsWhatTheLoaderLoads) {
  ElfClosure closure(this_machine(), library_directories(this_machine()));
  const auto added = closure.add(self(), content_of(self()));
  ASSERT_TRUE(added.ok()) << added.error().detail;
  std::set<std::string> names;
  for (const auto& [path, library] : closure.libraries()) {
    EXPECT_EQ(path.front(), '/');
    EXPECT_TRUE(names.insert(fs::path(path).filename()).second) << path;
    EXPECT_EQ(elf_machine(library.content), this_machine()) << path;
    EXPECT_EQ(content_of(library.source), library.content) << path;
  }
  EXPECT_EQ(names, loaded_here());
  EXPECT_TRUE(names.contains("libc.so.6"));
}

TEST(ElfClosure, HoldsALibraryOnceForSeveralPrograms) {
  ElfClosure closure(this_machine(), library_directories(this_machine()));
  ASSERT_TRUE(closure.add("one", content_of(self())).ok());
  const std::size_t before = closure.libraries().size();
  ASSERT_TRUE(closure.add("two", content_of(self())).ok());
  EXPECT_EQ(closure.libraries().size(), before);
}

TEST(ElfClosure, RefusesAProgramForAnotherMachineByName) {
  const std::string foreign = with_machine(read_text(self()), other_machine());
  ElfClosure closure(this_machine(), library_directories(this_machine()));
  const auto added = closure.add("/x/phase-init", as_bytes(foreign));
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().code, ErrorCode::kWrongArch);
  EXPECT_THAT(added.error().detail, HasSubstr("/x/phase-init: is built for "));
  EXPECT_THAT(added.error().detail, HasSubstr(this_machine() + " was expected"));
  EXPECT_TRUE(closure.libraries().empty());
}

/// A folder of this machine's libraries, so that single ones can be exchanged.
class ElfClosureFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    ElfClosure closure(this_machine(), library_directories(this_machine()));
    ASSERT_TRUE(closure.add(self(), content_of(self())).ok());
    for (const auto& [path, library] : closure.libraries()) {
      write_text(folder_.path() + "/" + fs::path(path).filename().string(),
                 std::string(as_text(library.content)));
    }
  }
  [[nodiscard]] std::string libc() const { return folder_.path() + "/libc.so.6"; }
  WorkDir folder_ = temporary_folder();
};

// ld.so passes over what it cannot use and looks on.
TEST_F(ElfClosureFolder, PassesOverALibraryForAnotherMachineWhereThereIsARightOne) {
  const WorkDir foreign = temporary_folder();
  write_text(foreign.path() + "/libc.so.6", with_machine(read_text(libc()), other_machine()));
  ElfClosure closure(this_machine(), {foreign.path(), folder_.path()});
  const auto added = closure.add(self(), content_of(self()));
  ASSERT_TRUE(added.ok()) << added.error().detail;
  const auto found = closure.libraries().find(folder_.path() + "/libc.so.6");
  ASSERT_NE(found, closure.libraries().end());
  EXPECT_EQ(found->second.source, fs::canonical(libc()).string());
}

TEST_F(ElfClosureFolder, RefusesWhereOnlyALibraryForAnotherMachineIsThere) {
  write_text(libc(), with_machine(read_text(libc()), other_machine()));
  ElfClosure closure(this_machine(), {folder_.path()});
  const auto added = closure.add(self(), content_of(self()));
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().code, ErrorCode::kWrongArch);
  EXPECT_THAT(added.error().detail, HasSubstr(libc() + " is built for"));
}

TEST_F(ElfClosureFolder, RefusesWhereALibraryIsNowhere) {
  fs::remove(libc());
  ElfClosure closure(this_machine(), {folder_.path()});
  const auto added = closure.add(self(), content_of(self()));
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(added.error().detail, HasSubstr("needs libc.so.6"));
}

// A library cut off or with its dynamic section overwritten is an Error or lists less, no crash.
TEST(ElfImage, SurvivesEveryTruncationAndOverwrittenHeaders) {
  const std::string whole = read_text(self()).substr(0, 200'000);
  int read = 0;
  for (std::size_t size = 0; size < whole.size(); size += 4093) {
    (void)read_elf(as_bytes(std::string_view(whole).substr(0, size)), "cut");
    ++read;
  }
  for (std::size_t at = 16; at < 64; ++at) {
    std::string damaged = read_text(self());
    damaged[at] = static_cast<char>(0xff);
    (void)read_elf(as_bytes(damaged), "damaged");
    ++read;
  }
  EXPECT_GT(read, 90);
  EXPECT_FALSE(read_elf(as_bytes("#!/bin/sh\n"), "a script").ok());
}

}  // namespace
}  // namespace phase::initramfs
