// Goal: the signed initramfs stays as it is and the next kernel finds /phase behind it. Method:
// append to an archive and read the result back with libarchive and GNU cpio, archive by archive
// as the kernel does.
#include "boot/init/handover.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <map>

#include "proto/cpio_writer.h"
#include "proto/fd.h"
#include "tests/unit/proto/support.h"

namespace phase::boot {
namespace {

using phase::test::pattern;
using phase::test::read_file;
using phase::test::TempFolder;
using phase::test::write_file;

Bytes signed_initramfs(std::size_t extra_bytes) {
  Bytes out;
  CpioWriter writer([&](ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }, 1);
  writer.file("init", as_bytes("#!/bin/sh\n"), 0755);
  writer.finish();
  // As a compressed one does, it may end anywhere.
  out.resize(out.size() + extra_bytes, 0);
  return out;
}

std::map<std::string, std::string> read_archives(const std::string& path) {
  std::map<std::string, std::string> found;
  const std::string content = read_file(path);
  std::size_t at = 0;
  // Like the kernel: what follows a trailer, zeros passed over, is the next archive.
  while (at < content.size()) {
    if (content[at] == '\0') {
      ++at;
      continue;
    }
    archive* one = archive_read_new();
    archive_read_support_format_cpio(one);
    EXPECT_EQ(archive_read_open_memory(one, content.data() + at, content.size() - at), ARCHIVE_OK);
    archive_entry* entry = nullptr;
    while (archive_read_next_header(one, &entry) == ARCHIVE_OK) {
      std::string data(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
      EXPECT_EQ(archive_read_data(one, data.data(), data.size()),
                static_cast<la_ssize_t>(data.size()));
      found[archive_entry_pathname(entry)] = data;
    }
    const auto trailer = content.find("TRAILER!!!", at);
    EXPECT_NE(trailer, std::string::npos);
    at = trailer + 11;
    archive_read_free(one);
  }
  return found;
}

class Handover : public testing::TestWithParam<std::size_t> {};

TEST_P(Handover, FollowsTheSignedBytesAsAnArchiveOfItsOwn) {
  const TempFolder folder;
  const std::string path = folder / "initramfs";
  const Bytes before = signed_initramfs(GetParam());
  write_file(path, before);
  const Bytes torrent = pattern(1001);
  const std::vector<HandoverFile> files{{"report.json", as_bytes("{\"ok\":true}"), {}},
                                        {"release.torrent", torrent, {}}};
  const Fd fd(::open(path.c_str(), O_WRONLY));

  ASSERT_TRUE(append_handover(fd.get(), before.size(), files).ok());

  const std::string after = read_file(path);
  EXPECT_EQ(after.substr(0, before.size()), as_text(before)) << "signed bytes changed";
  EXPECT_EQ(after.size(), before.size() + handover_size(before.size(), files));
  EXPECT_EQ(after.find("070701", before.size()) % 4, 0u) << "archives start at 4 bytes";
  const auto found = read_archives(path);
  EXPECT_EQ(found.at("init"), "#!/bin/sh\n");
  EXPECT_EQ(found.at("phase"), "");
  EXPECT_EQ(found.at("phase/report.json"), "{\"ok\":true}");
  EXPECT_EQ(found.at("phase/release.torrent"), as_text(torrent));
  EXPECT_EQ(found.size(), 4u);
}

INSTANTIATE_TEST_SUITE_P(AtEveryAlignment, Handover, testing::Values(0, 1, 2, 3));

TEST(HandoverCpio, IsReadByGnuCpio) {
  const TempFolder folder;
  write_file(folder / "initramfs", {});
  const Fd fd(::open((folder / "initramfs").c_str(), O_WRONLY));
  ASSERT_TRUE(append_handover(fd.get(), 0, {{"boot.json", as_bytes("{}"), {}}}).ok());
  const auto ran = test::run(folder.path(), {"cpio", "-it", "--quiet"}, folder / "initramfs");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_EQ(ran.output, "phase\nphase/boot.json\n");
}

// Files in folders, and one that has two names: unpacked by the kernel's rules (GNU cpio has the
// same), it is one file.
TEST(HandoverCpio, HoldsFoldersAndSecondNames) {
  const TempFolder folder;
  write_file(folder / "initramfs", {});
  const Fd fd(::open((folder / "initramfs").c_str(), O_WRONLY));
  const Bytes rootfs = pattern(70'001);
  const std::vector<HandoverFile> files{{"rootfs", rootfs, "release/rootfs"},
                                        {"release/kernel", as_bytes("kernel"), {}},
                                        {"release/trust/2.root.dsse", as_bytes("root"), {}}};
  ASSERT_TRUE(append_handover(fd.get(), 0, files).ok());
  EXPECT_EQ(read_file(folder / "initramfs").size(), handover_size(0, files));
  EXPECT_LT(handover_size(0, files), rootfs.size() + 2'000) << "its bytes are there twice";
  const auto ran = test::run(folder.path(), {"cpio", "-i", "--quiet"}, folder / "initramfs");
  ASSERT_EQ(ran.status, 0) << ran.output;
  EXPECT_EQ(read_file(folder / "phase/rootfs"), as_text(rootfs));
  EXPECT_EQ(read_file(folder / "phase/release/rootfs"), as_text(rootfs));
  EXPECT_TRUE(std::filesystem::equivalent(folder / "phase/rootfs", folder / "phase/release/rootfs"));
  EXPECT_EQ(read_file(folder / "phase/release/kernel"), "kernel");
  EXPECT_EQ(read_file(folder / "phase/release/trust/2.root.dsse"), "root");
}

// A full file system ends a write early; RLIMIT_FSIZE does the same without one.
TEST(HandoverCpio, CutsTheFileBackWhereNotEverythingFits) {
  const TempFolder folder;
  const std::string path = folder / "initramfs";
  const Bytes before = signed_initramfs(1);
  write_file(path, before);
  const Fd fd(::open(path.c_str(), O_WRONLY));
  const Bytes big = pattern(100'000);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{before.size() + 5'000, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);

  const auto appended = append_handover(fd.get(), before.size(), {{"release.torrent", big, {}}});

  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  EXPECT_ERROR(appended, ErrorCode::kStore);
  EXPECT_EQ(read_file(path), as_text(before));
}

}  // namespace
}  // namespace phase::boot
